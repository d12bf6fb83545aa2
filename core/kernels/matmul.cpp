#include "core/kernels/matmul.h"

#include <algorithm>

#include "core/check.h"
#include "core/gemm.h"
#include "core/parallel.h"

namespace excite {

namespace {

Matrix matrix(const Tensor& t) {
  require(t.shape().rank() == 2, "matmul: a factor has shape ", t.shape(), ", expected rank 2");
  return {t.data(), t.dim(0), t.dim(1)};
}

Matrix rows(const Matrix& a, long begin, long end) {
  Matrix part = a;
  part.data += begin * (a.is_transposed ? 1 : a.stride);
  part.rows = end - begin;
  return part;
}

Matrix columns(const Matrix& b, long begin, long end) {
  return transposed(rows(transposed(b), begin, end));
}

// Rows of the result are cut into shards. If that gives fewer than max_shards, as for the batch of
// a classifier, columns are cut too. A piece has at least this many multiply-adds, because less
// work takes less time than waking a thread.
constexpr long min_macs_per_piece = 1 << 17;

Tensor product(const Matrix& a, const Matrix& b) {
  require(a.cols == b.rows, "matmul: [", a.rows, ", ", a.cols, "] times [", b.rows, ", ", b.cols,
          "], expected equal inner dimensions");
  Tensor c({a.rows, b.cols});
  if (a.cols == 0 || c.empty()) return zeros(c.shape());
  const Shards down(a.rows, 32);
  const long columns_for_max_shards =
      (b.cols * down.count + Shards::max_shards - 1) / Shards::max_shards;
  const Shards across(b.cols, std::max({32l, columns_for_max_shards,
                                        min_macs_per_piece * down.count / (a.rows * a.cols)}));
  parallel_for(down.count * across.count, [&](long i) {
    const long row = i / across.count, column = i % across.count, top = down.begin(row),
               left = across.begin(column);
    gemm(rows(a, top, down.end(row)), columns(b, left, across.end(column)),
         c.data() + top * b.cols + left, b.cols);
  });
  return c;
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b) { return product(matrix(a), matrix(b)); }
Tensor matmul_transposed_b(const Tensor& a, const Tensor& b) {
  return product(matrix(a), transposed(matrix(b)));
}
Tensor matmul_transposed_a(const Tensor& a, const Tensor& b) {
  return product(transposed(matrix(a)), matrix(b));
}

}  // namespace excite
