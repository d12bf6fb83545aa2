// Softmax and its logarithm over the innermost axis. The largest of a row is taken off before exp, so that none overflows.
#pragma once
#include "core/tensor.h"

namespace excite {

Tensor softmax(const Tensor& x);
Tensor log_softmax(const Tensor& x);
Tensor softmax_dx(const Tensor& dy, const Tensor& y);      // y (dy - sum over i of dy_i y_i)
Tensor log_softmax_dx(const Tensor& dy, const Tensor& y);  // dy - exp(y) sum over i of dy_i

}  // namespace excite
