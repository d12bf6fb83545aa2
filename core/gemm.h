// Matrix products through BLAS (no other file calls BLAS).
#pragma once
#include "core/real.h"

namespace excite {

// A row-major matrix in memory that it does not own. `stride` is the distance between the starts of
// two rows, in numbers.
struct Matrix {
  const real* data;
  long rows, cols, stride;
  bool is_transposed = false;  // memory holds the transpose of this rows x cols matrix
  Matrix(const real* first, long row_count, long col_count)
      : Matrix(first, row_count, col_count, col_count) {}
  Matrix(const real* first, long row_count, long col_count, long row_stride)
      : data(first), rows(row_count), cols(col_count), stride(row_stride) {}
};
Matrix transposed(Matrix a);  // copies no numbers

// c has a.rows rows of b.cols numbers, c_stride apart. Both functions run on the calling thread
// alone, and give the same bits each time. Error unless a.cols == b.rows.
void gemm(const Matrix& a, const Matrix& b, real* c, long c_stride);      // c  = a b
void gemm_add(const Matrix& a, const Matrix& b, real* c, long c_stride);  // c += a b

}  // namespace excite
