// Matrix products; the only user of BLAS.
#pragma once
#include "core/real.h"

namespace excite {

// A row-major matrix inside somebody else's numbers. `stride` is the distance between the starts of
// two rows.
struct Matrix {
  const real* data;
  long rows, cols, stride;
  bool turned = false;  // read as its transpose; rows and cols are those after turning
  Matrix(const real* first, long row_count, long col_count)
      : Matrix(first, row_count, col_count, col_count) {}
  Matrix(const real* first, long row_count, long col_count, long row_stride)
      : data(first), rows(row_count), cols(col_count), stride(row_stride) {}
};
Matrix transposed(Matrix a);

// Both run on the calling thread alone, and give the same bits each time.
void gemm(const Matrix& a, const Matrix& b, real* c, long c_stride);      // c  = a b
void gemm_add(const Matrix& a, const Matrix& b, real* c, long c_stride);  // c += a b

}  // namespace excite
