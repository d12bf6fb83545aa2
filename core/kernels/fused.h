// Fused elementwise loops for batch normalization, ReLU, shortcut and scaling. Elementwise loops
// are limited by memory, so each number is read and written as few times as possible.
//
// u, y and their gradients are [N, H, W, C]; mean is [C]. Any other coefficient is [C] or [N, C].
#pragma once
#include "core/kernels/batch_norm.h"

namespace excite {

// The moments of all images together, and the mean of each image, [N, C].
struct ImageMoments {
  ChannelMoments all;
  Tensor mean;
};
ImageMoments image_moments(const Tensor& u);  // u is [N, H, W, C]

// y = max(a (u - mean) + b, 0)
Tensor affine_relu(const Tensor& u, const Tensor& mean, const Tensor& a, const Tensor& b);
// y = max(a (u - mean) + b + shortcut, 0)
Tensor affine_add_relu(const Tensor& u, const Tensor& mean, const Tensor& a, const Tensor& b,
                       const Tensor& shortcut);

// Sums over the pixels of each image, both [N, C].
struct ImageSums {
  Tensor d;    // sum of d
  Tensor d_u;  // sum of d (u - mean)
};
// The sums over the images of d, and of d (u - mean), in double, in the tree over the images.
ChannelSums sum_over_images(const ImageSums& sums);
// The gradient of y = max(..., 0): d = dy, but 0 where y <= 0. Overwrites dy with d.
ImageSums relu_sums(Tensor& dy, const Tensor& y, const Tensor& u, const Tensor& mean);
// The same d for y = affine_relu(u, mean, a, b). The mask is computed from u, and d is not stored.
ImageSums affine_relu_sums(const Tensor& dy, const Tensor& u, const Tensor& mean, const Tensor& a,
                           const Tensor& b);

// du = a d + slope (u - mean) + shift
Tensor affine_dx(const Tensor& d, const Tensor& u, const Tensor& mean, const Tensor& a,
                 const Tensor& slope, const Tensor& shift);
// The same for the d of affine_relu_sums(dy, u, mean, a, b). Overwrites dy with du.
void affine_relu_dx(Tensor& dy, const Tensor& u, const Tensor& mean, const Tensor& a,
                    const Tensor& b, const Tensor& slope, const Tensor& shift);

}  // namespace excite
