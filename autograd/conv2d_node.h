// What the operations that convolve share; its page is conv2d's, in ops.cpp.
#pragma once
#include "autograd/ops.h"

namespace excite {

Var conv2d_of(Tensor y, const Var& x, const Var& w, const Conv2dOptions& options);  // conv2d(x, w), whose value y somebody has computed

}  // namespace excite
