// Convolutions fused with the batch normalization before or after them. The input is normalized,
// and the moments of y are summed, while the numbers are in registers. A step that the chosen
// algorithm cannot fuse runs on its own, so every function works for any shape.
#pragma once
#include "core/kernels/conv2d.h"
#include "core/kernels/conv2d_fusion.h"

namespace excite {

struct ConvWithMoments {
  Tensor y;
  ImageMoments moments;  // image_moments(y)
};
// y = conv2d(x, w)
ConvWithMoments conv2d_moments(const Tensor& x, const Tensor& w, const Conv2dOptions& options);
// y = conv2d(x, w) with x = norm(u) = max(a (u - mean) + b, 0)
ConvWithMoments norm_relu_conv2d(const Tensor& u, const NormRelu& norm, const Tensor& w,
                                 const Conv2dOptions& options);

// The gradients of norm_relu_conv2d: dw, and dx with the sums from which batch normalization
// computes du.
Tensor norm_relu_conv2d_dw(const Tensor& u, const NormRelu& norm, const Tensor& dy, const Shape& w,
                           const Conv2dOptions& options);
struct NormReluGradient {
  Tensor dx;
  ImageSums sums;  // affine_relu_sums(dx, u, mean, a, b)
};
// dy [N, OH, OW, K] and u [N, H, W, C].
NormReluGradient norm_relu_conv2d_dx(const Tensor& dy, const Tensor& w, const Tensor& u,
                                     const NormRelu& norm, const Conv2dOptions& options);

}  // namespace excite
