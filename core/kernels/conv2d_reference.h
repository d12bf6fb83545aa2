// Convolution as it is defined, in plain loops with sums in double. All other algorithms are tested
// against it.
#pragma once
#include "core/kernels/conv2d.h"

namespace excite {

// y [N, OH, OW, K], dx [N, H, W, C] and dw [R, S, C/groups, K].
Tensor conv2d_reference(const Conv2dShape& shape, const Tensor& x, const Tensor& w);
Tensor conv2d_reference_dx(const Conv2dShape& shape, const Tensor& dy, const Tensor& w);
Tensor conv2d_reference_dw(const Conv2dShape& shape, const Tensor& x, const Tensor& dy);

}  // namespace excite
