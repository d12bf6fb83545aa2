// Moving images by whole pixels.
#pragma once
#include "core/tensor.h"

namespace excite {

// y[n, i, j, c] = x[n, i - by.h, j - by.w, c], and 0 where x has no such pixel: down and to the
// right, or back if by is below 0.
Tensor shift(const Tensor& x, const Size2& by);

}  // namespace excite
