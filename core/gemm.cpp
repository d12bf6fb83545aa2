#include "core/gemm.h"

#include <cblas.h>

#include <climits>
#include <cstdio>
#include <utility>

#include "core/check.h"

namespace excite {

namespace {

// OpenBLAS on several threads cuts a product by the number of threads and so changes its bits;
// excite cuts the work itself.
void pin_blas_to_one_thread() {
  static const bool pinned = [] {
    openblas_set_num_threads(1);
    if (openblas_get_parallel() == OPENBLAS_OPENMP)
      std::fputs(
          "excite: this OpenBLAS is built with OpenMP, which ignores the pinning to one thread: "
          "results may depend on the number of threads\n",
          stderr);
    return true;
  }();
  static_cast<void>(pinned);
}

void product(const Matrix& a, const Matrix& b, real beta, real* c, long c_stride) {
  require(a.cols == b.rows, "gemm: a is ", a.rows, "x", a.cols, ", so b must have ", a.cols,
          " rows, but it has ", b.rows);
  for (long n : {a.rows, a.cols, b.cols, a.stride, b.stride, c_stride})
    require(n <= INT_MAX, "gemm: a is ", a.rows, "x", a.cols, ", b is ", b.rows, "x", b.cols,
            ": BLAS counts no further than ", INT_MAX);
  pin_blas_to_one_thread();
  const auto side = [](const Matrix& m) { return m.turned ? CblasTrans : CblasNoTrans; };
  const auto i = [](long n) { return static_cast<int>(n); };
#ifdef EXCITE_DOUBLE
  cblas_dgemm(CblasRowMajor, side(a), side(b), i(a.rows), i(b.cols), i(a.cols), 1, a.data,
              i(a.stride), b.data, i(b.stride), beta, c, i(c_stride));
#else
  cblas_sgemm(CblasRowMajor, side(a), side(b), i(a.rows), i(b.cols), i(a.cols), 1, a.data,
              i(a.stride), b.data, i(b.stride), beta, c, i(c_stride));
#endif
}

}  // namespace

Matrix transposed(Matrix a) {
  std::swap(a.rows, a.cols);
  a.turned = !a.turned;
  return a;
}

void gemm(const Matrix& a, const Matrix& b, real* c, long c_stride) {
  product(a, b, 0, c, c_stride);
}
void gemm_add(const Matrix& a, const Matrix& b, real* c, long c_stride) {
  product(a, b, 1, c, c_stride);
}

}  // namespace excite
