#include "core/kernels/batch_norm.h"

#include <algorithm>
#include <vector>

#include "core/check.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/simd.h"
#include "core/parallel.h"
#include "core/shared_batch.h"

namespace excite {

namespace {

constexpr long min_rows = 64, rows_per_short_sum = 16, rows_per_block = 64;

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

namespace {

// The sum of term(r) over r < rows. Four independent sums run at a time, because the result of an
// addition takes four times as long as the interval at which additions can start.
template <class Term>
Vec sum_of_rows(long rows, const Term& term) {
  Vec sum[4] = {};
  long r = 0;
  for (; r + 4 <= rows; r += 4)
#pragma GCC unroll 4
    for (long k = 0; k < 4; k++) sum[k] += term(r + k);
  for (; r < rows; r++) sum[0] += term(r);
  return sum[0] + sum[1] + (sum[2] + sum[3]);
}

// The mean of a few rows, nearly. It is exact if all are equal.
template <class Count>
Vec near_mean(const real* x, long rows, long channels, Count count) {
  const Vec first = load(x, count);
  return first + sum_of_rows(rows, [&](long r) { return load(x + r * channels, count) - first; }) /
                     (Vec{} + static_cast<real>(rows));
}

}  // namespace

namespace {
Tensor near_mean_of(const real* x, long rows, long channels) {
  Tensor shift = zeros({channels});
  if (rows > 0)
    for_vectors(channels, [&](long c, auto count) {
      store(shift.data() + c, near_mean(x + c, rows, channels, count), count);
    });
  return shift;
}

// The first rows of a batch that ranks share, of which x are this rank's rows.
std::vector<real> first_rows(const SharedBatch& batch, const Tensor& x, long rows) {
  const long per_image = x.shape().rows() / x.dim(0);
  std::vector<long> counts = batch.images_of_ranks();
  for (long& count : counts) {
    const long own = std::min(rows, count * per_image);
    count = own * x.dim(-1);
    rows -= own;
  }
  return all_gather(batch.ranks(), x.data(), counts);
}
}  // namespace

Tensor moments_shift(const Tensor& x) {
  const long channels = x.dim(-1), rows = std::min(whole_rows(x.shape()), rows_per_block);
  if (const SharedBatch* batch = SharedBatch::current_for_sums())
    return near_mean_of(first_rows(*batch, x, rows).data(), rows, channels);
  return near_mean_of(x.data(), rows, channels);
}

// A block of rows stays in the cache, so it is read twice. Its own mean, the origin, is subtracted
// before squaring in real, so neither a large mean nor an outlier costs digits. With o = origin -
// shift and sums over a block of m rows,
//   sum(x - shift) = sum(x - origin) + m o
//   sum((x - shift)^2) = sum((x - origin)^2) + 2 o sum(x - origin) + m o^2
// are computed in double.
void add_shifted_sums(const Tensor& x, long begin, long end, const Tensor& shift, double* total) {
  const long channels = x.dim(-1);
  for (long from = begin; from < end; from += rows_per_block) {
    const long rows = std::min(end - from, rows_per_block);
    const auto m = static_cast<double>(rows);
    for_vectors(channels, [&](long c, auto count) {
      const real* at = x.data() + from * channels + c;
      const Vec origin = near_mean(at, rows, channels, count);
      const auto centered = [&](long r) { return load(at + r * channels, count) - origin; };
      const Vec sum = sum_of_rows(rows, centered), squares = sum_of_rows(rows, [&](long r) {
                                                     const Vec d = centered(r);
                                                     return d * d;
                                                   });
      for (long k = 0; k < count; k++) {
        const double s = static_cast<double>(sum[k]),
                     o = static_cast<double>(origin[k]) - static_cast<double>(shift[c + k]);
        total[c + k] += s + m * o;
        total[channels + c + k] += static_cast<double>(squares[k]) + 2 * o * s + m * o * o;
      }
    });
  }
}

ChannelMoments channel_moments(const Tensor& x) {
  const long rows = whole_rows(x.shape()), channels = x.dim(-1);
  const Tensor shift = moments_shift(x);
  const RowShards shards = row_shards(x.shape(), min_rows);
  const std::vector<double> sums = sum_of_shards(shards, x.shape(), [&](long shard) {
    std::vector<double> total(2 * channels);
    add_shifted_sums(x, shards.begin(shard), shards.end(shard), shift, total.data());
    return total;
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
