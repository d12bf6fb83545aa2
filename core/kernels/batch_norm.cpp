#include "core/kernels/batch_norm.h"

#include <algorithm>
#include <vector>

#include "core/check.h"
#include "core/parallel.h"

namespace excite {

namespace {

constexpr long rows_per_shard = 64;

// Two sums per channel over all rows. add_rows(begin, end, first, second) adds the terms of a few
// rows to first[c] and second[c] in real. These short sums are then added in double, in the order
// of the shards.
template <class Terms>
void two_sums(long rows, long channels, double* first, double* second, const Terms& add_rows) {
  const Shards shards(rows, rows_per_shard);
  std::vector<std::vector<double>> partial(shards.count);
  parallel_shards(shards, [&](long s, long begin, long end) {
    std::vector<double>& total = partial[s];
    total.assign(2 * channels, 0);
    std::vector<real> short_sums(2 * channels);
    for (long from = begin; from < end; from += rows_per_shard) {
      std::fill(short_sums.begin(), short_sums.end(), real(0));
      add_rows(from, std::min(end, from + rows_per_shard), short_sums.data(),
               short_sums.data() + channels);
      for (std::size_t c = 0; c < short_sums.size(); c++)
        total[c] += static_cast<double>(short_sums[c]);
    }
  });
  for (long c = 0; c < channels; c++) {
    first[c] = second[c] = 0;
    for (const std::vector<double>& p : partial) {
      first[c] += p[c];
      second[c] += p[channels + c];
    }
  }
}

}  // namespace

void ChannelMoments::set(long channel, double new_mean, double new_var) {
  mean[channel] = static_cast<real>(new_mean);
  var[channel] = static_cast<real>(std::max(0.0, new_var));
}

// The channel's first number is subtracted from x before summing x and x^2. Otherwise, if the mean
// is far larger than the deviation, mean(x^2) - mean(x)^2 is a small difference of two large
// numbers.
ChannelMoments channel_moments(const Tensor& x) {
  const long rows = x.shape().rows(), channels = x.dim(-1);
  const real* shift = x.data();
  std::vector<double> sum(channels), squares(sum);
  two_sums(rows, channels, sum.data(), squares.data(), [&](long begin, long end, real* s, real* q) {
    for (long r = begin; r < end; r++)
      for (long c = 0; c < channels; c++) {
        const real d = x[r * channels + c] - shift[c];
        s[c] += d;
        q[c] += d * d;
      }
  });
  ChannelMoments moments(channels);
  for (long c = 0; c < channels; c++) {
    const double n = static_cast<double>(rows), mean = sum[c] / n;
    moments.set(c, static_cast<double>(shift[c]) + mean, squares[c] / n - mean * mean);
  }
  return moments;
}

Tensor affine_rows(const Tensor& x, const Tensor& mean, const Tensor& a, const Tensor& b) {
  Tensor y(x.shape());
  const long channels = x.dim(-1);
  parallel_shards(Shards(x.shape().rows(), rows_per_shard), [&](long, long begin, long end) {
    for (long i = begin * channels; i < end * channels; i += channels)
      for (long c = 0; c < channels; c++) y[i + c] = a[c] * (x[i + c] - mean[c]) + b[c];
  });
  return y;
}

Tensor affine_rows(const Tensor& x, const Tensor& mean, const Tensor& a, const Tensor& b,
                   const Tensor& z, const Tensor& d) {
  Tensor y(x.shape());
  const long channels = x.dim(-1);
  parallel_shards(Shards(x.shape().rows(), rows_per_shard), [&](long, long begin, long end) {
    for (long i = begin * channels; i < end * channels; i += channels)
      for (long c = 0; c < channels; c++)
        y[i + c] = a[c] * (x[i + c] - mean[c]) + b[c] + d[c] * z[i + c];
  });
  return y;
}

ChannelSums channel_sums(const Tensor& dy, const Tensor& x, const Tensor& mean) {
  const long rows = x.shape().rows(), channels = x.dim(-1);
  std::vector<double> sum(channels), product(sum);
  two_sums(rows, channels, sum.data(), product.data(), [&](long begin, long end, real* s, real* p) {
    for (long r = begin; r < end; r++)
      for (long c = 0; c < channels; c++) {
        const real g = dy[r * channels + c];
        s[c] += g;
        p[c] += g * (x[r * channels + c] - mean[c]);
      }
  });
  ChannelSums sums{Tensor({channels}), Tensor({channels})};
  for (long c = 0; c < channels; c++) {
    sums.dy[c] = static_cast<real>(sum[c]);
    sums.dy_x[c] = static_cast<real>(product[c]);
  }
  return sums;
}

}  // namespace excite
