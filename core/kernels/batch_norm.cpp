#include "core/kernels/batch_norm.h"

#include <algorithm>
#include <vector>

#include "core/check.h"
#include "core/kernels/elementwise.h"
#include "core/parallel.h"

namespace excite {

namespace {

constexpr long min_rows = 64, rows_per_short_sum = 64;

// Two sums per channel over all rows of x, [2 C]. add_rows(begin, end, first, second) adds the
// terms of a few rows to first[c] and second[c] in real. These short sums are then added in double,
// in the tree over the shards of the batch.
template <class Terms>
std::vector<double> two_sums(const Shape& x, const Terms& add_rows) {
  const long channels = x[-1];
  const RowShards shards = row_shards(x, min_rows);
  return sum_of_shards(shards, x, [&](long shard) {
    std::vector<double> total(2 * channels);
    std::vector<real> short_sums(2 * channels);
    const long end = shards.end(shard);
    for (long from = shards.begin(shard); from < end; from += rows_per_short_sum) {
      std::fill(short_sums.begin(), short_sums.end(), real(0));
      add_rows(from, std::min(end, from + rows_per_short_sum), short_sums.data(),
               short_sums.data() + channels);
      for (std::size_t c = 0; c < short_sums.size(); c++)
        total[c] += static_cast<double>(short_sums[c]);
    }
    return total;
  });
}

}  // namespace

void ChannelMoments::set(long channel, double new_mean, double new_var) {
  mean[channel] = static_cast<real>(new_mean);
  var[channel] = static_cast<real>(new_var < 0 ? 0 : new_var);
}

// The channel's first number is subtracted from x before summing x and x^2. Otherwise, if the mean
// is far larger than the deviation, mean(x^2) - mean(x)^2 is a small difference of two large
// numbers.
ChannelMoments channel_moments(const Tensor& x) {
  const long rows = x.shape().rows(), channels = x.dim(-1);
  const real* shift = x.data();
  const std::vector<double> sums = two_sums(x.shape(), [&](long begin, long end, real* s, real* q) {
    for (long r = begin; r < end; r++)
      for (long c = 0; c < channels; c++) {
        const real d = x[r * channels + c] - shift[c];
        s[c] += d;
        q[c] += d * d;
      }
  });
  ChannelMoments moments(channels);
  for (long c = 0; c < channels; c++) {
    const double n = static_cast<double>(rows), mean = sums[c] / n;
    moments.set(c, static_cast<double>(shift[c]) + mean, sums[channels + c] / n - mean * mean);
  }
  return moments;
}

Tensor affine_rows(const Tensor& x, const Tensor& mean, const Tensor& a, const Tensor& b) {
  Tensor y(x.shape());
  const long channels = x.dim(-1);
  parallel_ranges(x.shape().rows(), min_rows, [&](long begin, long end) {
    for (long i = begin * channels; i < end * channels; i += channels)
      for (long c = 0; c < channels; c++) y[i + c] = a[c] * (x[i + c] - mean[c]) + b[c];
  });
  return y;
}

Tensor affine_rows(const Tensor& x, const Tensor& mean, const Tensor& a, const Tensor& b,
                   const Tensor& z, const Tensor& d) {
  Tensor y(x.shape());
  const long channels = x.dim(-1);
  parallel_ranges(x.shape().rows(), min_rows, [&](long begin, long end) {
    for (long i = begin * channels; i < end * channels; i += channels)
      for (long c = 0; c < channels; c++)
        y[i + c] = a[c] * (x[i + c] - mean[c]) + b[c] + d[c] * z[i + c];
  });
  return y;
}

ChannelSums channel_sums(const Tensor& dy, const Tensor& x, const Tensor& mean) {
  const long channels = x.dim(-1);
  const std::vector<double> both = two_sums(x.shape(), [&](long begin, long end, real* s, real* p) {
    for (long r = begin; r < end; r++)
      for (long c = 0; c < channels; c++) {
        const real g = dy[r * channels + c];
        s[c] += g;
        p[c] += g * (x[r * channels + c] - mean[c]);
      }
  });
  ChannelSums sums{Tensor({channels}), Tensor({channels})};
  for (long c = 0; c < channels; c++) {
    sums.dy[c] = static_cast<real>(both[c]);
    sums.dy_x[c] = static_cast<real>(both[channels + c]);
  }
  return sums;
}

}  // namespace excite
