// Where a training that blew up did so: the first op whose value or gradient is not finite.
#pragma once
#include <string>

#include "autograd/var.h"

namespace excite {

bool all_finite(const Tensor& x);

// Walks the graph of `loss` forward, and if all values are finite, backward (so it is then spent):
// "the value of batch_norm in layer1.0.bn1 [128, 32, 32, 16]", "the gradient of sqrt to ...". Empty
// if everything is finite.
std::string first_not_finite(const Var& loss);

}  // namespace excite
