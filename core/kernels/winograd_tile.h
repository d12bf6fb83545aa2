// The five small matrices of F(4x4, 3x3), each as the function that multiplies by it. They come from evaluating polynomials at the
// points 0, 1, -1, 2, -2 and infinity; the chapter of this folder derives them.
#pragma once
#include "core/kernels/simd.h"

namespace excite {

struct Winograd {
  static constexpr long side = 6, out = 4, places = side * side;

  static void input(const Vec (&d)[6], Vec (&t)[6]) {  // t = B^T d
    const Vec even = d[4] - 4 * d[2], odd = d[3] - 4 * d[1], even2 = d[4] - d[2], odd2 = 2 * (d[3] - d[1]);
    t[0] = 4 * d[0] - 5 * d[2] + d[4];
    t[1] = even + odd;
    t[2] = even - odd;
    t[3] = even2 + odd2;
    t[4] = even2 - odd2;
    t[5] = 4 * d[1] - 5 * d[3] + d[5];
  }
  static void output(const Vec (&m)[6], Vec (&y)[4]) {  // y = A^T m
    const Vec plus = m[1] + m[2], minus = m[1] - m[2], plus2 = m[3] + m[4], minus2 = m[3] - m[4];
    y[0] = m[0] + plus + plus2;
    y[1] = minus + 2 * minus2;
    y[2] = plus + 4 * plus2;
    y[3] = minus + 8 * minus2 + m[5];
  }
  static void output_gradient(const Vec (&dy)[4], Vec (&m)[6]) {  // m = A dy
    const Vec even = dy[0] + dy[2], odd = dy[1] + dy[3], even2 = dy[0] + 4 * dy[2], odd2 = 2 * dy[1] + 8 * dy[3];
    m[0] = dy[0];
    m[1] = even + odd;
    m[2] = even - odd;
    m[3] = even2 + odd2;
    m[4] = even2 - odd2;
    m[5] = dy[3];
  }
  static void weight(const Vec (&w)[3], Vec (&u)[6]) {  // u = G w
    const Vec outer = w[0] + w[2], outer2 = w[0] + 4 * w[2];
    u[0] = w[0] / 4;
    u[1] = (outer + w[1]) / -6;
    u[2] = (outer - w[1]) / -6;
    u[3] = (outer2 + 2 * w[1]) / 24;
    u[4] = (outer2 - 2 * w[1]) / 24;
    u[5] = w[2];
  }
  static void weight_gradient(const Vec (&u)[6], Vec (&w)[3]) {  // w = G^T u
    const Vec plus = u[1] + u[2], minus = u[1] - u[2], plus2 = u[3] + u[4], minus2 = u[3] - u[4];
    w[0] = u[0] / 4 - plus / 6 + plus2 / 24;
    w[1] = minus2 / 12 - minus / 6;
    w[2] = plus2 / 6 - plus / 6 + u[5];
  }
};

// Both sides of a tile: first each column, then each row of what came out. `out = M in M^T` for the matrix M that `one_side` multiplies by.
template <int From, int To, class OneSide>
inline __attribute__((always_inline)) void both_sides(const OneSide& one_side, const Vec (&in)[From][From], Vec (&out)[To][To]) {
  Vec half[To][From];
#pragma GCC unroll 6
  for (int j = 0; j < From; j++) {
    Vec column[From], result[To];
    for (int i = 0; i < From; i++) column[i] = in[i][j];
    one_side(column, result);
    for (int i = 0; i < To; i++) half[i][j] = result[i];
  }
#pragma GCC unroll 6
  for (int i = 0; i < To; i++) one_side(half[i], out[i]);
}

}  // namespace excite
