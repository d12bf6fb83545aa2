#include "core/kernels/layer_norm.h"

#include <cmath>
#include <vector>

#include "core/kernels/elementwise.h"
#include "core/parallel.h"

namespace excite {

namespace {

constexpr long min_rows = 64;

// The mean of term(c) over the channels of a row, in double. Eight partial sums are independent of
// each other, so the compiler can add them as vectors.
template <class Term>
double row_mean(long channels, const Term& term) {
  constexpr long lanes = 8;
  double partial[lanes] = {}, total = 0;
  const long whole = channels - channels % lanes;
  for (long c = 0; c < whole; c += lanes)
    for (long i = 0; i < lanes; i++) partial[i] += static_cast<double>(term(c + i));
  for (long c = whole; c < channels; c++) total += static_cast<double>(term(c));
  for (const double p : partial) total += p;
  return total / static_cast<double>(channels);
}

// Calls body(r) for each row of x.
template <class Body>
void for_rows(const Tensor& x, const Body& body) {
  parallel_ranges(x.shape().rows(), min_rows, [&](long begin, long end) {
    for (long r = begin; r < end; r++) body(r);
  });
}

}  // namespace

// The mean is subtracted before squaring: mean(x^2) - mean(x)^2 would lose digits.
RowMoments row_moments(const Tensor& x, double eps) {
  const long rows = x.shape().rows(), channels = x.dim(-1);
  RowMoments moments{Tensor({rows}), Tensor({rows})};
  for_rows(x, [&](long r) {
    const real* v = x.data() + r * channels;
    const auto mean = row_mean(channels, [=](long c) { return v[c]; });
    const double var = row_mean(channels, [=](long c) {
      const double d = static_cast<double>(v[c]) - mean;
      return d * d;
    });
    moments.mean[r] = static_cast<real>(mean);
    moments.inv_std[r] = static_cast<real>(1 / std::sqrt(var + eps));
  });
  return moments;
}

Tensor layer_norm(const Tensor& x, const RowMoments& rows, const Tensor& gamma,
                  const Tensor& beta) {
  Tensor y(x.shape());
  const long channels = x.dim(-1);
  for_rows(x, [&](long r) {
    const real mean = rows.mean[r], inv_std = rows.inv_std[r];
    const real* v = x.data() + r * channels;
    real* to = y.data() + r * channels;
    for (long c = 0; c < channels; c++) to[c] = gamma[c] * ((v[c] - mean) * inv_std) + beta[c];
  });
  return y;
}

Tensor layer_norm_dx(const Tensor& dy, const Tensor& x, const RowMoments& rows,
                     const Tensor& gamma) {
  Tensor dx(x.shape());
  const long channels = x.dim(-1);
  for_rows(x, [&](long r) {
    const real mean = rows.mean[r], inv_std = rows.inv_std[r];
    const real *v = x.data() + r * channels, *e = dy.data() + r * channels, *a = gamma.data();
    const auto n = [=](long c) { return (v[c] - mean) * inv_std; };
    const auto g = [=](long c) { return a[c] * e[c]; };
    const auto mean_g = static_cast<real>(row_mean(channels, g)),
               mean_gn = static_cast<real>(row_mean(channels, [=](long c) { return g(c) * n(c); }));
    real* to = dx.data() + r * channels;
    for (long c = 0; c < channels; c++) to[c] = inv_std * (g(c) - mean_g - n(c) * mean_gn);
  });
  return dx;
}

Tensor layer_norm_dgamma(const Tensor& dy, const Tensor& x, const RowMoments& rows) {
  const long channels = x.dim(-1);
  const RowShards shards = row_shards(x.shape(), min_rows);
  const std::vector<double> total = sum_of_shards(shards, x.shape(), [&](long shard) {
    std::vector<double> sum(channels);
    const long end = shards.end(shard);
    for (long r = shards.begin(shard); r < end; r++) {
      const real mean = rows.mean[r], inv_std = rows.inv_std[r];
      const real *v = x.data() + r * channels, *e = dy.data() + r * channels;
      for (long c = 0; c < channels; c++)
        sum[c] += static_cast<double>(e[c] * ((v[c] - mean) * inv_std));
    }
    return sum;
  });
  Tensor dgamma({channels});
  for (long c = 0; c < channels; c++) dgamma[c] = static_cast<real>(total[c]);
  return dgamma;
}

}  // namespace excite
