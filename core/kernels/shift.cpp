#include "core/kernels/shift.h"

#include <algorithm>

#include "core/check.h"
#include "core/parallel.h"

namespace excite {

Tensor shift(const Tensor& x, const Size2& by) {
  require_images("shift", x.shape());
  Tensor y = zeros(x.shape());
  const long height = x.dim(1), width = x.dim(2), channels = x.dim(3);
  // The columns [left, right) of y come from x; the others are 0.
  const long left = std::max(by.w, 0l), right = std::min(width, width + by.w);
  parallel_for(x.dim(0) * height, [&](long row) {
    const long i = row % height - by.h;
    if (i < 0 || i >= height || left >= right) return;
    const real* from = x.data() + ((row - by.h) * width + left - by.w) * channels;
    std::copy_n(from, (right - left) * channels, y.data() + (row * width + left) * channels);
  });
  return y;
}

}  // namespace excite
