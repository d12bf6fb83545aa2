// Pools: windows of an image, channel by channel, made into one number each.
#pragma once
#include <vector>

#include "core/tensor.h"

namespace excite {

// Sizes as in PyTorch: out = floor((in + 2 pad - kernel) / stride) + 1, or ceil with `ceil`, where
// a last window that would start in the right padding is dropped. The divisor of an average is the
// number of cells of the window inside the padded image (count_padding), or inside the image
// itself.
struct Pool2dOptions {
  Size2 kernel = 2, stride = 2, pad = 0;
  bool ceil = false;
  bool count_padding = true;
};
Shape pool2d_shape(const Shape& x, const Pool2dOptions& options, const char* op = "pool2d");

// `from` receives for each number of y the place in x it came from (the first of equal ones).
Tensor max_pool2d(const Tensor& x, const Pool2dOptions& options, std::vector<int>& from);
Tensor avg_pool2d(const Tensor& x, const Pool2dOptions& options);
Tensor avg_pool2d_dx(const Tensor& dy, const Shape& x, const Pool2dOptions& options);
Tensor adaptive_avg_pool(
    const Tensor& x,
    long side);  // [N, H, W, C] -> [N, side, side, C]; cells overlap where sizes do not divide
Tensor adaptive_avg_pool_dx(const Tensor& dy, const Shape& x);
Tensor global_avg_pool(const Tensor& x);  // [N, H, W, C] -> [N, C]
Tensor global_avg_pool_dx(const Tensor& dy, const Shape& x);
Tensor global_max_pool(const Tensor& x, std::vector<int>& from);
Tensor max_pool_dx(const Tensor& dy, const std::vector<int>& from,
                   const Shape& x);  // of both max pools

}  // namespace excite
