#include "core/kernels/matmul.h"

#include <algorithm>
#include <vector>

#include "core/check.h"
#include "core/gemm.h"
#include "core/parallel.h"
#include "core/shared_batch.h"

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
constexpr long min_macs_per_piece = 1 << 17, rows_per_piece = 32;

// How many rows of the whole batch come before those of a, and how many there are. Without ranks,
// or if the rows are not those of the own images: 0 and all.
struct PlaceOfRows {
  long before = 0, all;
  explicit PlaceOfRows(long rows) : all(rows) {
    const SharedBatch* batch = SharedBatch::current_for_sums();
    const long own = batch ? batch->last_image() - batch->first_image() : 0;
    if (!batch || rows % own != 0) return;
    before = batch->first_image() * (rows / own), all = batch->images() * (rows / own);
  }
};

// c = a b, where these are the rows [begin, end) of a piece that has `rows` rows in one process.
// BLAS adds the products of a row in an order that depends on the number of rows. So the other rows
// are there too, as zeros.
void gemm_in_piece(const Matrix& a, const Matrix& b, long begin, long end, long rows, real* c,
                   long c_stride) {
  if (end - begin == rows) return gemm(a, b, c, c_stride);
  std::vector<real> piece(rows * a.cols, real(0)), product(rows * b.cols);
  for (long r = begin; r < end; r++)
    std::copy_n(a.data + (r - begin) * a.stride, a.cols, piece.data() + r * a.cols);
  gemm({piece.data(), rows, a.cols}, b, product.data(), b.cols);
  for (long r = begin; r < end; r++)
    std::copy_n(product.data() + r * b.cols, b.cols, c + (r - begin) * c_stride);
}

Tensor product(const Matrix& a, const Matrix& b) {
  require(a.cols == b.rows, "matmul: [", a.rows, ", ", a.cols, "] times [", b.rows, ", ", b.cols,
          "], expected equal inner dimensions");
  Tensor c({a.rows, b.cols});
  if (a.cols == 0 || c.empty()) return zeros(c.shape());
  const PlaceOfRows place(a.rows);
  const long columns_per_piece = std::max(64l, min_macs_per_piece / (rows_per_piece * a.cols)),
             first = place.before / rows_per_piece,
             down = (place.before + a.rows + rows_per_piece - 1) / rows_per_piece - first,
             across = (b.cols + columns_per_piece - 1) / columns_per_piece;
  parallel_for(down * across, [&](long i) {
    const long left = i % across * columns_per_piece,
               top = (first + i / across) * rows_per_piece - place.before,  // of the own rows
        begin = std::max(0l, top), end = std::min(a.rows, top + rows_per_piece),
               piece_rows = std::min(rows_per_piece, place.all - place.before - top);
    gemm_in_piece(rows(a, begin, end), columns(b, left, std::min(b.cols, left + columns_per_piece)),
                  begin - top, end - top, piece_rows, c.data() + begin * b.cols + left, b.cols);
  });
  return c;
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b) { return product(matrix(a), matrix(b)); }
Tensor matmul_transposed_b(const Tensor& a, const Tensor& b) {
  return product(matrix(a), transposed(matrix(b)));
}

}  // namespace excite
