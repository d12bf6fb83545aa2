// Checks of shapes that several operations make. An Error begins with the operation's name and
// prints both shapes.
#pragma once
#include "autograd/var.h"

namespace excite {

// a and b have the same shape. Where one has a number per channel of the other, the Error says
// which operation adds or multiplies these: nothing is broadcast silently.
void require_same(const char* op, const Var& a, const Var& b);

// x is [..., C] and b [C]. `what` is the role of b, such as "bias".
void require_channels(const char* op, const char* what, const Var& x, const Var& b);

}  // namespace excite
