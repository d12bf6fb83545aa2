#include "core/kernels/elementwise.h"

#include <cmath>
#include <utility>
#include <vector>

namespace excite {

void add_to(Tensor& a, const Tensor& b) {
  map_into([](real x, real y) { return x + y; }, a, b);
}

void sum_in_pairs(const std::vector<real*>& terms, long size) {
  constexpr long min_numbers = 1024;
  const long count = std::ssize(terms);
  parallel_ranges(size, min_numbers, [&](long begin, long end) {
    for (long m = 1; m < count; m *= 2)
      for (long t = 0; t + m < count; t += 2 * m) {
        real* sum = terms[t];
        const real* term = terms[t + m];
        for (long i = begin; i < end; i++) sum[i] += term[i];
      }
  });
}

Tensor sum_in_pairs(std::vector<Tensor> terms) {
  std::vector<real*> numbers;
  for (Tensor& term : terms) numbers.push_back(term.data());
  sum_in_pairs(numbers, terms[0].size());
  return std::move(terms[0]);
}

RowShards row_shards(const Shape& x, long min_rows) {
  const long images = x.rank() > 1 ? x[0] : 1;
  return RowShards(images, x.rows() / std::max(1l, images), min_rows);
}

namespace {
// The sum of term(i) over all elements of a tensor.
template <class Term>
double sum_of_terms(const Shape& shape, const Term& term) {
  const long images = shape.rank() > 0 ? shape[0] : 1;
  const RowShards shards(images, shape.size() / std::max(1l, images), 4096);
  return sum_of_shards(shards, shape, [&](long shard) {
    double total = 0;
    const long end = shards.end(shard);
    for (long i = shards.begin(shard); i < end; i++) total += term(i);
    return total;
  });
}
}  // namespace

bool all_finite(const Tensor& a) {
  return std::all_of(a.begin(), a.end(), [](real v) { return std::isfinite(v); });
}

double sum(const Tensor& a) {
  return sum_of_terms(a.shape(), [&](long i) { return static_cast<double>(a[i]); });
}

double dot(const Tensor& a, const Tensor& b) {
  require(a.shape() == b.shape(), "dot: shapes ", a.shape(), " and ", b.shape(),
          ", expected equal shapes");
  return sum_of_terms(
      a.shape(), [&](long i) { return static_cast<double>(a[i]) * static_cast<double>(b[i]); });
}

Tensor add_rows(const Tensor& x, const Tensor& b) {
  const long channels = b.size(), rows = x.size() / std::max(1l, channels);
  Tensor y(x.shape());
  parallel_ranges(rows, 64, [&](long begin, long end) {
    for (long r = begin; r < end; r++)
      for (long c = 0; c < channels; c++) y[r * channels + c] = x[r * channels + c] + b[c];
  });
  return y;
}

Tensor sum_rows(const Tensor& x) {
  const long channels = x.dim(-1);
  const RowShards shards = row_shards(x.shape(), 64);
  const std::vector<double> total = sum_of_shards(shards, x.shape(), [&](long shard) {
    std::vector<double> sum(channels);
    const long end = shards.end(shard);
    for (long r = shards.begin(shard); r < end; r++)
      for (long c = 0; c < channels; c++) sum[c] += static_cast<double>(x[r * channels + c]);
    return sum;
  });
  Tensor y(Shape{channels});
  for (long c = 0; c < channels; c++) y[c] = static_cast<real>(total[c]);
  return y;
}

}  // namespace excite
