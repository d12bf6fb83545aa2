// Softmax and its logarithm over the last dimension. The largest number of a row is subtracted
// before exp, so exp never overflows.
#pragma once
#include <vector>

#include "core/tensor.h"

namespace excite {

// y_i = exp(x_i) / sum over j of exp(x_j), and its logarithm.
Tensor softmax(const Tensor& x);
Tensor log_softmax(const Tensor& x);
Tensor softmax_dx(const Tensor& dy, const Tensor& y);      // y (dy - sum over i of dy_i y_i)
Tensor log_softmax_dx(const Tensor& dy, const Tensor& y);  // dy - exp(y) sum over i of dy_i

// Label smoothing. [N, classes]: row n is smoothing / classes, plus 1 - smoothing at labels[n].
Tensor smoothed_one_hot(const std::vector<int>& labels, long classes, real smoothing);

// The sum over n of class_weights[labels[n]]. Error if a weight is not a number of at least 0, or
// if the sum is 0.
double total_weight(const std::vector<int>& labels, const Tensor& class_weights);

}  // namespace excite
