#include "core/gemm.h"

#include <cblas.h>
#include <sys/mman.h>

#include <climits>
#include <cstdio>
#include <new>
#include <utility>

#include "core/check.h"

namespace excite {

namespace {

// OpenBLAS waits for ever if it gets no memory for its buffer. So each thread asks for as much
// once, before its first product, and gives it back. OpenBLAS keeps one buffer per thread that
// computes at the same time, of 32 << 22 bytes, mostly never touched.
void require_blas_buffer() {
  thread_local bool checked = false;
  if (checked) return;
  constexpr std::size_t bytes = (32l << 22) + (1 << 16);
  void* buffer = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (buffer == MAP_FAILED) throw std::bad_alloc();
  munmap(buffer, bytes);
  checked = true;
}

// On several threads OpenBLAS divides a product by the number of threads, which changes the bits of
// the result. excite divides the work itself.
void pin_blas_to_one_thread() {
  static const bool pinned = [] {
    openblas_set_num_threads(1);
    if (openblas_get_parallel() == OPENBLAS_OPENMP)
      std::fputs(
          "excite: this OpenBLAS is built with OpenMP and ignores the setting of one thread; "
          "results may depend on the number of threads\n",
          stderr);
    return true;
  }();
  static_cast<void>(pinned);
}

void product(const Matrix& a, const Matrix& b, real beta, real* c, long c_stride) {
  require(a.cols == b.rows, "gemm: a is ", a.rows, "x", a.cols, " and b is ", b.rows, "x", b.cols,
          ", expected b to have ", a.cols, " rows");
  for (const long n : {a.rows, a.cols, b.cols, a.stride, b.stride, c_stride})
    require(n <= INT_MAX, "gemm: a is ", a.rows, "x", a.cols, " and b is ", b.rows, "x", b.cols,
            ", with strides ", a.stride, " and ", b.stride, ", and that of the result is ",
            c_stride, ", expected sizes and strides of at most ", INT_MAX, ", the limit of BLAS");
  pin_blas_to_one_thread();
  require_blas_buffer();
  const auto layout = [](const Matrix& m) { return m.is_transposed ? CblasTrans : CblasNoTrans; };
  const int rows = static_cast<int>(a.rows), cols = static_cast<int>(b.cols),
            inner = static_cast<int>(a.cols), a_stride = static_cast<int>(a.stride),
            b_stride = static_cast<int>(b.stride), out_stride = static_cast<int>(c_stride);
#ifdef EXCITE_DOUBLE
  cblas_dgemm(CblasRowMajor, layout(a), layout(b), rows, cols, inner, 1, a.data, a_stride, b.data,
              b_stride, beta, c, out_stride);
#else
  cblas_sgemm(CblasRowMajor, layout(a), layout(b), rows, cols, inner, 1, a.data, a_stride, b.data,
              b_stride, beta, c, out_stride);
#endif
}

}  // namespace

// OpenBLAS calls this function, whose own version reads OPENBLAS_NUM_THREADS, when it is loaded.
// With 1 it starts no threads, which would each ask for a large buffer and could never end without
// it. The definition in a program comes before that of a shared library; it is weak for the static
// one.
extern "C" __attribute__((weak)) int openblas_num_threads_env() { return 1; }

Matrix transposed(Matrix a) {
  std::swap(a.rows, a.cols);
  a.is_transposed = !a.is_transposed;
  return a;
}

void gemm(const Matrix& a, const Matrix& b, real* c, long c_stride) {
  product(a, b, 0, c, c_stride);
}
void gemm_add(const Matrix& a, const Matrix& b, real* c, long c_stride) {
  product(a, b, 1, c, c_stride);
}

}  // namespace excite
