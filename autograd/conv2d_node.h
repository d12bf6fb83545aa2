// The graph node of a convolution, for operations that compute its value together with something
// else.
#pragma once
#include "autograd/ops.h"

namespace excite {

// conv2d(x, w) with the value y already computed.
Var conv2d_node(Tensor y, const Var& x, const Var& w, const Conv2dOptions& options);

// Multiply-adds of a convolution: each element of y [N, OH, OW, K] is a sum of R S C/groups
// products. w is [R, S, C/groups, K].
inline long conv2d_macs(const Shape& y, const Shape& w) { return y.size() * w.rows(); }

}  // namespace excite
