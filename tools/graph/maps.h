// What a tensor looks like: the maps of its first channels side by side.
#pragma once
#include "core/images/image.h"
#include "core/tensor.h"

namespace excite {

// Of the first image of x [N, H, W, C], or of the first row of x [N, C]. Each map has at most 32
// pixels a side, and each value a gray: black is the smallest, white the largest of those shown.
Image value_map(const Tensor& x);

// The same for gradients: blue is negative, red is positive, white is 0.
Image gradient_map(const Tensor& dx);

}  // namespace excite
