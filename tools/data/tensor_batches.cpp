#include "tools/data/tensor_batches.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/check.h"
#include "tools/data/batch.h"

namespace excite {

namespace {

std::vector<int> take_rows(const std::vector<int>& labels, const std::vector<long>& indices) {
  std::vector<int> taken;
  for (const long i : indices) taken.push_back(labels[i]);
  return taken;
}

Var take_rows(const Var& y, const std::vector<long>& indices) {
  return take_rows(y->value, indices);
}

void require_targets(const Tensor& x, const std::vector<int>& labels) {
  require(std::ssize(labels) == x.dim(0), "TensorBatches: x ", x.shape(), " has ", x.dim(0),
          " samples, but there are ", labels.size(), " labels, expected one per sample");
}

void require_targets(const Tensor& x, const Var& y) {
  const Shape& s = y.shape();
  require(s.rank() >= 1 && s[0] == x.dim(0), "TensorBatches: x ", x.shape(), " has ", x.dim(0),
          " samples, but the targets are ", s, ", expected one row per sample");
}

}  // namespace

Tensor take_rows(const Tensor& x, const std::vector<long>& indices) {
  require(x.shape().rank() >= 1, "take_rows: a tensor ", x.shape(), ", expected at least one axis");
  std::vector<long> dims = x.shape().dims();
  const long rows = dims[0], row_size = x.size() / std::max(1l, rows);
  dims[0] = std::ssize(indices);
  Tensor taken{Shape(dims)};
  real* out = taken.data();
  for (const long i : indices) {
    require(i >= 0 && i < rows, "take_rows: index ", i, " of a tensor ", x.shape(),
            ", expected 0 to ", rows - 1);
    out = std::copy_n(x.data() + i * row_size, row_size, out);
  }
  return taken;
}

template <class Targets>
TensorBatches<Targets>::TensorBatches(Tensor x, Targets y, const BatchOptions& options)
    : x_(std::move(x)), y_(std::move(y)), options_(options) {
  require(x_.shape().rank() >= 1, "TensorBatches: x ", x_.shape(),
          ", expected at least one axis, [samples, ...]");
  require_targets(x_, y_);
  batches_per_epoch();  // checks the options
}

template <class Targets>
auto TensorBatches<Targets>::take(const std::vector<long>& indices) const -> Batch {
  return {take_rows(x_, indices), take_rows(y_, indices)};
}

template <class Targets>
auto TensorBatches<Targets>::epoch(long epoch) const& -> BatchRange<Batch> {
  std::vector<long> order = epoch_order(samples(), options_.seed, epoch);
  return {batches_per_epoch(), [this, order = std::move(order)](long index) {
            return take(indices_of_batch(order, index, options_.batch));
          }};
}

template <class Targets>
auto TensorBatches<Targets>::in_order() const& -> BatchRange<Batch> {
  std::vector<long> order(samples());
  std::iota(order.begin(), order.end(), 0l);
  return {count_batches(samples(), {.batch = options_.batch}),
          [this, order = std::move(order)](long index) {
            return take(indices_of_batch(order, index, options_.batch));
          }};
}

template class TensorBatches<std::vector<int>>;
template class TensorBatches<Var>;

}  // namespace excite
