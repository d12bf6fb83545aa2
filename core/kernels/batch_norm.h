// Sums over all pixels of each channel, and the pass that makes y = a (x - mean) + b of each: what
// batch normalization is made of.
#pragma once
#include <utility>

#include "core/tensor.h"

namespace excite {

struct ChannelMoments {
  Tensor mean, var;  // [C]; var is the biased one, sum of squares / count
  explicit ChannelMoments(long channels) : mean({channels}), var({channels}) {}
  ChannelMoments(Tensor means, Tensor variances)
      : mean(std::move(means)), var(std::move(variances)) {}
  void set(long channel, double new_mean,
           double new_var);  // a variance that rounding made negative becomes 0
};
ChannelMoments channel_moments(const Tensor& x);

// y[r, c] = a[c] (x[r, c] - mean[c]) + b[c]
Tensor affine_rows(const Tensor& x, const Tensor& mean, const Tensor& a, const Tensor& b);
// y[r, c] = a[c] (x[r, c] - mean[c]) + b[c] + d[c] z[r, c]
Tensor affine_rows(const Tensor& x, const Tensor& mean, const Tensor& a, const Tensor& b,
                   const Tensor& z, const Tensor& d);

// For each channel: sum over r of dy[r, c], and of dy[r, c] (x[r, c] - mean[c]).
struct ChannelSums {
  Tensor dy, dy_x;  // [C]
};
ChannelSums channel_sums(const Tensor& dy, const Tensor& x, const Tensor& mean);

}  // namespace excite
