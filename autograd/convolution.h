// What the operations that convolve share.
#pragma once
#include "autograd/ops.h"

namespace excite {

Var convolved(Tensor y, const Var& x, const Var& w, const Conv2dOptions& options);  // the node of y = conv2d(x, w), which somebody has computed

}  // namespace excite
