// Passes over whole activations that do at once what simple ones do one after the other: a step
// waits for memory, so each number is read and written as few times as can be. u, y and their
// gradients are [N, H, W, C], mean is [C]; any other coefficient is one a channel, [C], or one an
// image and channel, [N, C].
#pragma once
#include "core/kernels/batch_norm.h"

namespace excite {

// Of all images together, and the mean of each: [N, C].
struct ImageMoments {
  ChannelMoments all;
  Tensor mean;
};
ImageMoments image_moments(const Tensor& u);

// y = max(a (u - mean) + b, 0)
Tensor affine_relu(const Tensor& u, const Tensor& mean, const Tensor& a, const Tensor& b);
// y = max(a (u - mean) + b + shortcut, 0)
Tensor affine_add_relu(const Tensor& u, const Tensor& mean, const Tensor& a, const Tensor& b,
                       const Tensor& shortcut);

// Sums over the pixels of each image, [N, C]: of d, and of d (u - mean).
struct ImageSums {
  Tensor d, d_u;
};
// For y = max(..., 0): d = dy where y > 0, else 0, is written over dy.
ImageSums relu_sums(Tensor& dy, const Tensor& y, const Tensor& u, const Tensor& mean);
// The same d for y = affine_relu(u, mean, a, b), told from u instead of y, and written nowhere.
ImageSums affine_relu_sums(const Tensor& dy, const Tensor& u, const Tensor& mean, const Tensor& a,
                           const Tensor& b);

// du = a d + slope (u - mean) + shift
Tensor affine_dx(const Tensor& d, const Tensor& u, const Tensor& mean, const Tensor& a,
                 const Tensor& slope, const Tensor& shift);
// The same for the d of affine_relu_sums(dy, u, mean, a, b), written over dy.
void affine_relu_dx(Tensor& dy, const Tensor& u, const Tensor& mean, const Tensor& a,
                    const Tensor& b, const Tensor& slope, const Tensor& shift);

}  // namespace excite
