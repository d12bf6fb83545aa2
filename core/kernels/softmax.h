// Softmax and its logarithm over the innermost axis. The largest of a row is taken off before exp,
// so that none overflows.
#pragma once
#include <vector>

#include "core/tensor.h"

namespace excite {

Tensor softmax(const Tensor& x);
Tensor log_softmax(const Tensor& x);
Tensor softmax_dx(const Tensor& dy, const Tensor& y);      // y (dy - sum over i of dy_i y_i)
Tensor log_softmax_dx(const Tensor& dy, const Tensor& y);  // dy - exp(y) sum over i of dy_i

// [N, classes] with row n:  smoothing / classes everywhere, and 1 - smoothing more at labels[n]
Tensor smoothed_one_hot(const std::vector<int>& labels, long classes, real smoothing);

}  // namespace excite
