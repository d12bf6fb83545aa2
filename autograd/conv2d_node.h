// The graph node of a convolution, for operations that compute its value along with something else.
#pragma once
#include "autograd/ops.h"

namespace excite {

// conv2d(x, w) whose value y is known already.
Var conv2d_node(Tensor y, const Var& x, const Var& w, const Conv2dOptions& options);

// Each element of y [N, H, W, K] is a sum of R S C/groups products; w is [R, S, C/groups, K].
inline long conv2d_macs(const Shape& y, const Shape& w) { return y.size() * w.rows(); }

}  // namespace excite
