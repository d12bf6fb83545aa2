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

// The result is cut into pieces of 32 rows, and of columns that make at least this many
// multiply-adds, because less work takes less time than waking a thread. The cuts of the columns do
// not depend on the number of rows.
constexpr long min_macs_per_piece = 1 << 17;

Tensor product(const Matrix& a, const Matrix& b) {
  require(a.cols == b.rows, "matmul: [", a.rows, ", ", a.cols, "] times [", b.rows, ", ", b.cols,
          "], expected equal inner dimensions");
  Tensor c({a.rows, b.cols});
  if (a.cols == 0 || c.empty()) return zeros(c.shape());
  constexpr long rows_per_piece = 32;
  const long columns_per_piece = std::max(64l, min_macs_per_piece / (rows_per_piece * a.cols)),
             down = (a.rows + rows_per_piece - 1) / rows_per_piece,
             across = (b.cols + columns_per_piece - 1) / columns_per_piece;
  parallel_for(down * across, [&](long i) {
    const long top = i / across * rows_per_piece, left = i % across * columns_per_piece;
    gemm(rows(a, top, std::min(a.rows, top + rows_per_piece)),
         columns(b, left, std::min(b.cols, left + columns_per_piece)),
         c.data() + top * b.cols + left, b.cols);
  });
  return c;
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b) { return product(matrix(a), matrix(b)); }
Tensor matmul_transposed_b(const Tensor& a, const Tensor& b) {
  return product(matrix(a), transposed(matrix(b)));
}

}  // namespace excite
