#include "core/kernels/matmul.h"

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
  part.data += begin * (a.turned ? 1 : a.stride);
  part.rows = end - begin;
  return part;
}

Tensor product(const Matrix& a, const Matrix& b) {
  require(a.cols == b.rows, "matmul: [", a.rows, ", ", a.cols, "] times [", b.rows, ", ", b.cols, "]: the inner dimensions differ");
  Tensor c({a.rows, b.cols});
  if (a.cols == 0 || c.empty()) return zeros(c.shape());
  parallel_shards(Shards(a.rows, 32), [&](long, long begin, long end) { gemm(rows(a, begin, end), b, c.data() + begin * b.cols, b.cols); });
  return c;
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b) { return product(matrix(a), matrix(b)); }
Tensor matmul_transposed_b(const Tensor& a, const Tensor& b) { return product(matrix(a), transposed(matrix(b))); }
Tensor matmul_transposed_a(const Tensor& a, const Tensor& b) { return product(transposed(matrix(a)), matrix(b)); }

}  // namespace excite
