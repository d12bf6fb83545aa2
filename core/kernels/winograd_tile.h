// The five small matrices of F(4x4, 3x3), each as a function that multiplies by it. They come from
// evaluating polynomials at the points 0, a, -a, b, -b and infinity, with a = 1/sqrt(2) and
// b = sqrt(2). Textbooks use the points 1 and 2. With the points used here no number grows by more
// than 2 sqrt(2) and is subtracted again, so rounding errors are about a quarter as large.
#pragma once
#include "core/kernels/simd.h"

namespace excite {

struct Winograd {
  static constexpr long positions = 6 * 6;
  static constexpr real a = static_cast<real>(0.70710678118654752440), b = 2 * a;
  static constexpr real half = static_cast<real>(0.5), third = real(1) / 3, sixth = real(1) / 6;

  [[gnu::always_inline]] static void input(const Vec (&d)[6], Vec (&t)[6]) {  // t = B^T d
    const Vec even = d[4] - 2 * d[2], odd = a * (d[3] - 2 * d[1]), even2 = d[4] - half * d[2],
              odd2 = b * (d[3] - half * d[1]);
    t[0] = d[0] - real(2.5) * d[2] + d[4];
    t[1] = even + odd;
    t[2] = even - odd;
    t[3] = even2 + odd2;
    t[4] = even2 - odd2;
    t[5] = d[1] - real(2.5) * d[3] + d[5];
  }
  [[gnu::always_inline]] static void output(const Vec (&m)[6], Vec (&y)[4]) {  // y = A^T m
    const Vec plus = m[1] + m[2], minus = m[1] - m[2], plus2 = m[3] + m[4], minus2 = m[3] - m[4];
    y[0] = m[0] + plus + plus2;
    y[1] = a * minus + b * minus2;
    y[2] = half * plus + 2 * plus2;
    y[3] = half * a * minus + (2 * b * minus2 + m[5]);
  }
  [[gnu::always_inline]] static void output_gradient(const Vec (&dy)[4], Vec (&m)[6]) {  // m = A dy
    const Vec even = dy[0] + half * dy[2], odd = a * (dy[1] + half * dy[3]),
              even2 = dy[0] + 2 * dy[2], odd2 = b * (dy[1] + 2 * dy[3]);
    m[0] = dy[0];
    m[1] = even + odd;
    m[2] = even - odd;
    m[3] = even2 + odd2;
    m[4] = even2 - odd2;
    m[5] = dy[3];
  }
  [[gnu::always_inline]] static void weight(const Vec (&w)[3], Vec (&u)[6]) {  // u = G w
    const Vec outer = w[0] + half * w[2], middle = a * w[1], outer2 = w[0] + 2 * w[2],
              middle2 = b * w[1];
    u[0] = w[0];
    u[1] = -2 * third * (outer + middle);
    u[2] = -2 * third * (outer - middle);
    u[3] = sixth * (outer2 + middle2);
    u[4] = sixth * (outer2 - middle2);
    u[5] = w[2];
  }
  [[gnu::always_inline]] static void weight_gradient(const Vec (&u)[6], Vec (&w)[3]) {  // w = G^T u
    const Vec plus = third * (u[1] + u[2]), minus = 2 * third * a * (u[2] - u[1]),
              plus2 = sixth * (u[3] + u[4]), minus2 = sixth * b * (u[3] - u[4]);
    w[0] = u[0] - 2 * plus + plus2;
    w[1] = minus + minus2;
    w[2] = 2 * plus2 - plus + u[5];
  }
};

// out = M in M^T for the matrix M that `transform_1d` multiplies by: first each column, then each
// row of the result. Input is read by in(i, j). Each element of the result is passed to
// out(i, j, v) as soon as it is computed, so none has to be kept.
template <auto transform_1d, int From, int To, class In, class Out>
[[gnu::always_inline]] inline void transform_2d(const In& in, const Out& out) {
  Vec columns[To][From];
#pragma GCC unroll 6
  for (int j = 0; j < From; j++) {
    Vec column[From], result[To];
#pragma GCC unroll 6
    for (int i = 0; i < From; i++) column[i] = in(i, j);
    transform_1d(column, result);
#pragma GCC unroll 6
    for (int i = 0; i < To; i++) columns[i][j] = result[i];
  }
#pragma GCC unroll 6
  for (int i = 0; i < To; i++) {
    Vec result[To];
    transform_1d(columns[i], result);
#pragma GCC unroll 6
    for (int j = 0; j < To; j++) out(i, j, result[j]);
  }
}

}  // namespace excite
