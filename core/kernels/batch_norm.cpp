#include "core/kernels/batch_norm.h"

#include <algorithm>
#include <vector>

#include "core/check.h"
#include "core/parallel.h"

namespace excite {

namespace {

constexpr long rows_a_shard = 64;

// Two sums for each channel over all rows. add_rows(begin, end, first, second) adds the terms of
// some rows to first[c] and second[c] in real; these short sums are then added up in double, the
// shards in their order.
template <class Terms>
void two_sums(long rows, long channels, double* first, double* second, const Terms& add_rows) {
  const Shards shards(rows, rows_a_shard);
  std::vector<std::vector<double>> partial(shards.count);
  parallel_shards(shards, [&](long s, long begin, long end) {
    std::vector<double>& total = partial[s];
    total.assign(2 * channels, 0);
    std::vector<real> some(2 * channels);
    for (long from = begin; from < end; from += rows_a_shard) {
      std::fill(some.begin(), some.end(), real(0));
      add_rows(from, std::min(end, from + rows_a_shard), some.data(), some.data() + channels);
      for (std::size_t c = 0; c < some.size(); c++) total[c] += static_cast<double>(some[c]);
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

// Sums of x and x^2, both counted from the channel's first number: where the mean is far larger
// than the deviation, mean(x^2) - mean(x)^2 would be the small difference of two large numbers.
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
  parallel_shards(Shards(x.shape().rows(), rows_a_shard), [&](long, long begin, long end) {
    for (long i = begin * channels; i < end * channels; i += channels)
      for (long c = 0; c < channels; c++) y[i + c] = a[c] * (x[i + c] - mean[c]) + b[c];
  });
  return y;
}

Tensor affine_rows(const Tensor& x, const Tensor& mean, const Tensor& a, const Tensor& b,
                   const Tensor& z, const Tensor& d) {
  Tensor y(x.shape());
  const long channels = x.dim(-1);
  parallel_shards(Shards(x.shape().rows(), rows_a_shard), [&](long, long begin, long end) {
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
