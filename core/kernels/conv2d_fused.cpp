#include "core/kernels/conv2d_fused.h"

#include <utility>

#include "core/kernels/conv2d_direct.h"
#include "core/kernels/conv2d_winograd.h"
#include "core/kernels/elementwise.h"

namespace excite {

namespace {

ConvolvedPictures convolved(const Tensor& x, const ReadBy& read, const Tensor& w, const Conv2dOptions& options) {
  const Conv2dShape q(x.shape(), w.shape(), options);
  const bool winograd = conv2d_path(q) == Conv2dPath::winograd;
  RunSums sums(q.y(), winograd ? winograd_run(q.ow) : direct_run);
  const Tensor as_it_is = full({q.k}, 1);
  Tensor y = winograd ? conv2d_winograd(q, x, winograd_weight(w, as_it_is), read, SumUp{sums})
                      : conv2d_direct(q, x, direct_weight(q, w, as_it_is), SumUp{sums});
  return {std::move(y), moments_of(sums)};
}

bool reads_by_norm(const Shape& u, const Shape& w, const Conv2dOptions& options) {
  return conv2d_path(Conv2dShape(u, w, options)) == Conv2dPath::winograd;
}

Tensor applied(const NormRelu& norm, const Tensor& u) { return affine_relu(u, norm.mean, norm.a, norm.b); }

}  // namespace

ConvolvedPictures conv2d_moments(const Tensor& x, const Tensor& w, const Conv2dOptions& options) { return convolved(x, AsTheyAre(), w, options); }

ConvolvedPictures norm_relu_conv2d(const Tensor& u, const NormRelu& norm, const Tensor& w, const Conv2dOptions& options) {
  if (reads_by_norm(u.shape(), w.shape(), options)) return convolved(u, norm, w, options);
  return conv2d_moments(applied(norm, u), w, options);
}

Tensor norm_relu_conv2d_dw(const Tensor& u, const NormRelu& norm, const Tensor& dy, const Shape& w, const Conv2dOptions& options) {
  const Conv2dShape q(u.shape(), w, options);
  if (conv2d_dw_path(q) == Conv2dPath::winograd) return conv2d_winograd_dw(q, u, dy, norm);
  return conv2d_dw(applied(norm, u), dy, w, options);
}

NormReluGradient norm_relu_conv2d_dx(const Tensor& dy, const Tensor& w, const Tensor& u, const NormRelu& norm, const Conv2dOptions& options) {
  const Conv2dShape q(u.shape(), w.shape(), options);
  if (reads_by_norm(u.shape(), w.shape(), options)) {
    RunSums sums(u.shape(), winograd_run(q.w));
    Tensor dx = conv2d_winograd_dx(q, dy, w, SumUpWherePositive{norm, u, sums});
    return {std::move(dx), sums_of(sums)};
  }
  Tensor dx = conv2d_dx(dy, w, u.shape(), options);
  PictureSums sums = affine_relu_sums(dx, u, norm.mean, norm.a, norm.b);
  return {std::move(dx), std::move(sums)};
}

}  // namespace excite
