#include "core/kernels/elementwise.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "core/shard_sums.h"

namespace excite {

void add_to(Tensor& a, const Tensor& b) {
  map_into([](real x, real y) { return x + y; }, a, b);
}

namespace {
// Adds what this process has, and returns the sums that the ranks have to exchange: none if sums[0]
// is the whole.
std::vector<const real*> add_own(long leaves, const std::vector<Subtree>& subtrees,
                                 const std::vector<real*>& sums, long size) {
  constexpr long min_numbers = 1024;
  const TreePlan plan(leaves, subtrees);
  parallel_ranges(size, min_numbers, [&](long begin, long end) {
    for (const auto& [to, from] : plan.additions) {
      real* sum = sums[to];
      const real* term = sums[from];
      for (long i = begin; i < end; i++) sum[i] += term[i];
    }
  });
  std::vector<const real*> own;
  if (!plan.is_complete)
    for (const long i : plan.remaining) own.push_back(sums[i]);
  return own;
}
}  // namespace

void sum_of_subtrees(long leaves, const std::vector<Subtree>& subtrees,
                     const std::vector<real*>& sums, long size) {
  const std::vector<const real*> own = add_own(leaves, subtrees, sums, size);
  if (!own.empty()) sum_over_shards(leaves, own, size, sums[0]);
}

void sum_of_subtrees(long leaves, const std::vector<Subtree>& subtrees,
                     const std::vector<real*>& sums, long size, const real* result,
                     std::function<void()> finish) {
  const std::vector<const real*> own = add_own(leaves, subtrees, sums, size);
  if (own.empty())
    finish();
  else
    sum_over_shards_later(leaves, own, size, sums[0], result, std::move(finish));
}

namespace {
std::vector<real*> addresses(std::vector<Tensor>& sums) {
  std::vector<real*> numbers;
  for (Tensor& sum : sums) numbers.push_back(sum.data());
  return numbers;
}
}  // namespace

Tensor sum_of_subtrees(long leaves, const std::vector<Subtree>& subtrees,
                       std::vector<Tensor> sums) {
  sum_of_subtrees(leaves, subtrees, addresses(sums), sums[0].size());
  return std::move(sums[0]);
}

void sum_of_subtrees(long leaves, const std::vector<Subtree>& subtrees, std::vector<Tensor> sums,
                     const real* result, std::function<void(const real* total)> finish) {
  const auto kept = std::make_shared<std::vector<Tensor>>(std::move(sums));
  sum_of_subtrees(leaves, subtrees, addresses(*kept), kept->front().size(), result,
                  [kept, finish = std::move(finish)] { finish(kept->front().data()); });
}

Tensor gradient_of_subtrees(long leaves, const std::vector<Subtree>& subtrees,
                            std::vector<Tensor> sums) {
  Tensor gradient(sums[0].shape());
  sum_of_subtrees(leaves, subtrees, std::move(sums), gradient.data(),
                  [size = gradient.size(), to = gradient.data()](const real* total) {
                    std::copy_n(total, size, to);
                  });
  return gradient;
}

RowShards row_shards(const Shape& x, long min_rows) {
  if (x.rank() < 2) return RowShards(Shards::of_this_process(1), x.rows(), min_rows);
  return RowShards(x[0], x.rows() / std::max(1l, x[0]), min_rows);
}

namespace {
// The sum of term(i) over all elements of a tensor.
template <class Term>
double sum_of_terms(const Shape& shape, const Term& term) {
  const bool one_number = shape.rank() == 0;
  const Shards images = one_number ? Shards::of_this_process(1) : Shards(shape[0]);
  const RowShards shards(images, one_number ? 1 : shape.size() / std::max(1l, shape[0]), 4096);
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
