// Layer normalization: the value, and right below it the gradient.
#include "core/kernels/layer_norm.h"

#include <cmath>
#include <memory>
#include <utility>

#include "autograd/ops.h"
#include "autograd/shape_checks.h"
#include "core/check.h"
#include "core/kernels/elementwise.h"

namespace excite {

// With n = (x - mean) / sqrt(var + eps), y = gamma n + beta and g = gamma dy:
//   dbeta = sum of dy,   dgamma = sum of dy n, over all rows
//   dx = (g - mean(g) - n mean(g n)) / sqrt(var + eps), with means over the channels of a row
// This is batch norm's gradient with rows and channels exchanged.
Var layer_norm(const Var& x, const Var& gamma, const Var& beta, double eps) {
  require(eps >= 0 && std::isfinite(eps), "layer_norm: eps ", eps,
          ", expected a number of at least 0");
  require_channels("layer_norm", "gamma", x, gamma);
  require_channels("layer_norm", "beta", x, beta);
  require(x.shape()[-1] > 0, "layer_norm: input ", x.shape(),
          " has no channels, expected at least 1");
  const auto rows = std::make_shared<const RowMoments>(row_moments(x->value, eps));
  // Operations per element. Forward: mean 1, variance 3, y 4. Backward: means 6, dx 6, dgamma 4,
  // dbeta 1.
  const long size = x.shape().size();
  const Arithmetic work{.flops = 8 * size, .backward_flops = 17 * size};
  Tensor value = layer_norm(x->value, *rows, gamma->value, beta->value);
  return result("layer_norm", std::move(value), {x, gamma, beta}, work, [=](Node& y) {
    if (x.requires_grad()) x.add_grad(layer_norm_dx(y.grad, x->value, *rows, gamma->value));
    if (gamma.requires_grad()) gamma.add_grad(layer_norm_dgamma(y.grad, x->value, *rows));
    if (beta.requires_grad()) beta.add_grad(sum_rows(y.grad));
  });
}

}  // namespace excite
