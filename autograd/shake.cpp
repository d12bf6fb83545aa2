// Shake-Shake's mixture: the value, and right below it the gradient of a different mixture.
#include <utility>

#include "autograd/ops.h"
#include "core/check.h"
#include "core/kernels/channels.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/matmul.h"

namespace excite {

namespace {
// Repeats the factor of each image for all of its channels: [N] -> [N, C].
Tensor repeat_per_channel(const Tensor& factors, long channels) {
  return matmul(factors.clone().reshaped({factors.size(), 1}), full({1, channels}, 1));
}
Tensor scale_images(const Tensor& x, const Tensor& factors) {
  return scale_channels(x, repeat_per_channel(factors, x.dim(3)));
}
Tensor one_minus(const Tensor& alpha) {
  return map([](real a) { return 1 - a; }, alpha);
}
}  // namespace

// da = beta dy, db = (1 - beta) dy. This is the derivative only where beta equals alpha.
Var shake(const Var& a, const Var& b, const Var& alpha, const Var& beta) {
  require(a.shape() == b.shape(), "shake: shapes ", a.shape(), " and ", b.shape(),
          " differ, expected equal ones");
  require(a.shape().rank() == 4 && alpha.shape() == Shape{a.shape()[0]} &&
              beta.shape() == alpha.shape(),
          "shake: images of shape ", a.shape(), ", alpha ", alpha.shape(), " and beta ",
          beta.shape(), ", expected [N, H, W, C], [N] and [N]");
  Tensor value = scale_images(a->value, alpha->value);
  add_to(value, scale_images(b->value, one_minus(alpha->value)));
  return result("shake", std::move(value), {a, b, alpha}, {.is_linear = true}, [=](Node& y) {
    if (a.requires_grad()) a.add_grad(scale_images(y.grad, beta->value));
    if (b.requires_grad()) b.add_grad(scale_images(y.grad, one_minus(beta->value)));
  });
}

}  // namespace excite
