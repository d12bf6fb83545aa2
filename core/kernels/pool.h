// Pooling: each window of an image becomes one number per channel, its maximum or its mean.
#pragma once
#include "core/tensor.h"

namespace excite {

// Sizes are as in PyTorch: out = floor((in + 2 pad - kernel) / stride) + 1. With `ceil` the
// quotient is rounded up, but a last window that would start in the right padding is dropped. The
// divisor of an average is the number of pixels of the window inside the padded image
// (count_padding), or inside the image.
struct Pool2dOptions {
  Size2 kernel = 2, stride = 2, pad = 0;
  bool ceil = false;
  bool count_padding = true;
};
// The shape of y, [N, OH, OW, C]. Error, beginning with `op`, if the window does not fit into x.
Shape pool2d_shape(const Shape& x, const Pool2dOptions& options, const char* op = "pool2d");

// x [N, H, W, C] -> y [N, OH, OW, C]. from becomes [N, OH, OW, C] too: the pixel of the image, row
// times W plus column, that has the maximum, and the first one if several are equal. Error if an
// image has more pixels than a real can count, 2^24 in float.
Tensor max_pool2d(const Tensor& x, const Pool2dOptions& options, Tensor& from);
Tensor avg_pool2d(const Tensor& x, const Pool2dOptions& options);
Tensor avg_pool2d_dx(const Tensor& dy, const Shape& x, const Pool2dOptions& options);
// The adaptive pools divide an image of any size into a grid of cells: [N, H, W, C] ->
// [N, cells.h, cells.w, C]. Cells overlap if H is no multiple of cells.h, or W none of cells.w.
Tensor adaptive_avg_pool(const Tensor& x, const Size2& cells);
Tensor adaptive_avg_pool_dx(const Tensor& dy, const Shape& x);
Tensor adaptive_max_pool(const Tensor& x, const Size2& cells, Tensor& from);
// The global pools have one window, the whole image: [N, H, W, C] -> [N, C].
Tensor global_avg_pool(const Tensor& x);
Tensor global_avg_pool_dx(const Tensor& dy, const Shape& x);
Tensor global_max_pool(const Tensor& x, Tensor& from);
// The gradient of all max pools.
Tensor max_pool_dx(const Tensor& dy, const Tensor& from, const Shape& x);

}  // namespace excite
