#include "core/kernels/conv2d_fused.h"

#include <utility>

#include "core/kernels/conv2d_direct.h"
#include "core/kernels/conv2d_winograd.h"
#include "core/kernels/elementwise.h"

namespace excite {

namespace {

// The other algorithms fuse nothing.
bool can_fuse(const Conv2dOptions& options) {
  return options.algorithm == Conv2dAlgorithm::automatic;
}

bool uses_winograd(const Conv2dShape& q) {
  return conv2d_algorithm(q) == Conv2dAlgorithm::winograd;
}

ConvWithMoments winograd_with_moments(const Conv2dShape& q, const Tensor& x,
                                      const Prologue& prologue, const Tensor& w) {
  RunSums sums = winograd_run_sums(q.y());
  Tensor y = conv2d_winograd(q, x, winograd_packed_weight(w, full({q.k}, 1)), prologue,
                             AccumulateMoments{sums});
  return {std::move(y), moments_of(sums)};
}

ConvWithMoments direct_with_moments(const Conv2dShape& q, const Tensor& x, const Tensor& w) {
  RunSums sums = direct_run_sums(q.y());
  Tensor y =
      conv2d_direct(q, x, direct_packed_weight(q, w, full({q.k}, 1)), AccumulateMoments{sums});
  return {std::move(y), moments_of(sums)};
}

Tensor apply(const NormRelu& norm, const Tensor& u) {
  return affine_relu(u, norm.mean, norm.a, norm.b);
}

}  // namespace

ConvWithMoments conv2d_moments(const Tensor& x, const Tensor& w, const Conv2dOptions& options) {
  if (!can_fuse(options)) {
    Tensor y = conv2d(x, w, options);
    ImageMoments moments = image_moments(y);
    return {std::move(y), std::move(moments)};
  }
  const Conv2dShape q(x.shape(), w.shape(), options);
  return uses_winograd(q) ? winograd_with_moments(q, x, Identity(), w)
                          : direct_with_moments(q, x, w);
}

ConvWithMoments norm_relu_conv2d(const Tensor& u, const NormRelu& norm, const Tensor& w,
                                 const Conv2dOptions& options) {
  const Conv2dShape q(u.shape(), w.shape(), options);
  return can_fuse(options) && uses_winograd(q) ? winograd_with_moments(q, u, norm, w)
                                               : conv2d_moments(apply(norm, u), w, options);
}

Tensor norm_relu_conv2d_dw(const Tensor& u, const NormRelu& norm, const Tensor& dy, const Shape& w,
                           const Conv2dOptions& options) {
  const Conv2dShape q(u.shape(), w, options);
  if (can_fuse(options) && conv2d_dw_algorithm(q) == Conv2dAlgorithm::winograd)
    return conv2d_winograd_dw(q, u, dy, norm);
  return conv2d_dw(apply(norm, u), dy, w, options);
}

NormReluGradient norm_relu_conv2d_dx(const Tensor& dy, const Tensor& w, const Tensor& u,
                                     const NormRelu& norm, const Conv2dOptions& options) {
  const Conv2dShape q(u.shape(), w.shape(), options);
  if (can_fuse(options) && uses_winograd(q)) {
    RunSums sums = winograd_run_sums(q.x());
    Tensor dx = conv2d_winograd_dx(q, dy, w, AccumulateMasked{norm, u, sums});
    return {std::move(dx), sums_of(sums)};
  }
  Tensor dx = conv2d_dx(dy, w, u.shape(), options);
  ImageSums sums = affine_relu_sums(dx, u, norm.mean, norm.a, norm.b);
  return {std::move(dx), std::move(sums)};
}

}  // namespace excite
