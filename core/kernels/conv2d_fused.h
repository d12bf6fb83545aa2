// Convolutions that do on the way what batch normalization before and after them would take passes
// of their own for. Each is its definition, for any shape; where the way that conv2d takes has no
// place for it, it is computed as it is defined.
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
// y = conv2d(norm(u), w)
ConvWithMoments norm_relu_conv2d(const Tensor& u, const NormRelu& norm, const Tensor& w,
                                 const Conv2dOptions& options);

Tensor norm_relu_conv2d_dw(const Tensor& u, const NormRelu& norm, const Tensor& dy, const Shape& w,
                           const Conv2dOptions& options);
struct NormReluGradient {
  Tensor dy;       // of what norm_relu gives: conv2d_dx
  ImageSums sums;  // affine_relu_sums of it
};
NormReluGradient norm_relu_conv2d_dx(const Tensor& dy, const Tensor& w, const Tensor& u,
                                     const NormRelu& norm, const Conv2dOptions& options);

}  // namespace excite
