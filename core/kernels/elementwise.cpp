#include "core/kernels/elementwise.h"

#include <cmath>
#include <utility>
#include <vector>

namespace excite {

void add_to(Tensor& a, const Tensor& b) {
  map_into([](real x, real y) { return x + y; }, a, b);
}

Tensor sum_of(std::vector<Tensor> terms) {
  Tensor& sum = terms.front();
  for_pieces(sum.size(), [&](long begin, long end) {
    for (std::size_t t = 1; t < terms.size(); t++)
      for (long i = begin; i < end; i++) sum[i] += terms[t][i];
  });
  return std::move(sum);
}

namespace {
// The sum of term(i) over [0, size), in double: first within each shard, then over the shards.
template <class Term>
double sum_of_terms(long size, const Term& term) {
  const Shards shards(size, 4096);
  std::vector<double> partial(shards.count);
  parallel_shards(shards, [&](long s, long begin, long end) {
    double total = 0;
    for (long i = begin; i < end; i++) total += term(i);
    partial[s] = total;
  });
  double total = 0;
  for (double p : partial) total += p;
  return total;
}
}  // namespace

bool all_finite(const Tensor& a) {
  return std::all_of(a.begin(), a.end(), [](real v) { return std::isfinite(v); });
}

double sum(const Tensor& a) {
  return sum_of_terms(a.size(), [&](long i) { return static_cast<double>(a[i]); });
}

double dot(const Tensor& a, const Tensor& b) {
  require(a.shape() == b.shape(), "dot: shapes ", a.shape(), " and ", b.shape(),
          ", expected equal shapes");
  return sum_of_terms(
      a.size(), [&](long i) { return static_cast<double>(a[i]) * static_cast<double>(b[i]); });
}

Tensor add_rows(const Tensor& x, const Tensor& b) {
  const long channels = b.size(), rows = x.size() / std::max(1l, channels);
  Tensor y(x.shape());
  parallel_shards(Shards(rows, 64), [&](long, long begin, long end) {
    for (long r = begin; r < end; r++)
      for (long c = 0; c < channels; c++) y[r * channels + c] = x[r * channels + c] + b[c];
  });
  return y;
}

Tensor sum_rows(const Tensor& x) {
  const long channels = x.dim(-1), rows = x.shape().rows();
  const Shards shards(rows, 64);
  std::vector<std::vector<double>> partial(shards.count);
  parallel_shards(shards, [&](long s, long begin, long end) {
    std::vector<double>& total = partial[s];
    total.assign(channels, 0);
    for (long r = begin; r < end; r++)
      for (long c = 0; c < channels; c++) total[c] += static_cast<double>(x[r * channels + c]);
  });
  Tensor y(Shape{channels});
  for (long c = 0; c < channels; c++) {
    double total = 0;
    for (const std::vector<double>& p : partial) total += p[c];
    y[c] = static_cast<real>(total);
  }
  return y;
}

}  // namespace excite
