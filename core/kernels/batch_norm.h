// The loops of batch normalization: sums per channel over all rows, and y = a (x - mean) + b.
// Rows are all dimensions but the last, so x is (rows, C).
#pragma once
#include <utility>

#include "core/tensor.h"

namespace excite {

struct ChannelMoments {
  Tensor mean, var;  // [C]; var is biased: sum of (x - mean)^2 / rows
  explicit ChannelMoments(long channels) : mean({channels}), var({channels}) {}
  ChannelMoments(Tensor means, Tensor variances)
      : mean(std::move(means)), var(std::move(variances)) {}
  // A variance that rounding made negative becomes 0; a NaN stays.
  void set(long channel, double new_mean, double new_var);
};
ChannelMoments channel_moments(const Tensor& x);  // x is (rows, C)

// Sums of x - shift and of (x - shift)^2 per channel. `shift` is any number: the closer to the
// mean, the fewer digits are lost when a variance is computed from the sums.
Tensor moments_shift(const Tensor& x);  // [C]: near the mean of the first rows
// Adds the sums over rows [begin, end) to total[c] and total[C + c].
void add_shifted_sums(const Tensor& x, long begin, long end, const Tensor& shift, double* total);

// y[r, c] = a[c] (x[r, c] - mean[c]) + b[c]
Tensor affine_rows(const Tensor& x, const Tensor& mean, const Tensor& a, const Tensor& b);
// y[r, c] = a[c] (x[r, c] - mean[c]) + b[c] + d[c] z[r, c]
Tensor affine_rows(const Tensor& x, const Tensor& mean, const Tensor& a, const Tensor& b,
                   const Tensor& z, const Tensor& d);

// Sums over all rows, both [C].
struct ChannelSums {
  Tensor dy;    // sum over r of dy[r, c]
  Tensor dy_x;  // sum over r of dy[r, c] (x[r, c] - mean[c])
};
// dy and x are (rows, C), mean is [C].
ChannelSums channel_sums(const Tensor& dy, const Tensor& x, const Tensor& mean);

}  // namespace excite
