// Shifts images by whole pixels.
#pragma once
#include "core/tensor.h"

namespace excite {

// y[n, i, j, c] = x[n, i - by.h, j - by.w, c], or 0 where x has no such pixel. x and y are
// [N, H, W, C]. Positive values shift down and to the right.
Tensor shift(const Tensor& x, const Size2& by);

}  // namespace excite
