#include "core/kernels/microkernel.h"

#include <array>
#include <utility>

namespace excite {

namespace {

using Product = void (*)(const real* const* x, long first, long taps, long channels, const real* w,
                         real* y, long y_row);
using MatrixProduct = void (*)(const real* x, long x_row, long channels, const real* w, real* y,
                               long y_row);
using Outer = void (*)(const PixelLines& x, const PixelLines& dy, long lines, long pixels, real* dw,
                       long dw_row);

// The sums of a tile: P rows of V vectors.
template <int P, int V>
struct Sums {
  Vec sum[P][V];

  [[gnu::always_inline]] Sums() {
    for_each([&](int p, int v) { sum[p][v] = Vec{}; });
  }

  // Row p += number(p) * the V vectors that stand at w.
  template <class Number>
  [[gnu::always_inline]] void add(const Number& number, const real* w) {
    Vec weight[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) weight[v] = load(w + v * lanes);
    for_each([&](int p, int v) { sum[p][v] += number(p) * weight[v]; });
  }

  template <class Each>
  [[gnu::always_inline]] static void for_each(const Each& each) {
#pragma GCC unroll 16
    for (int p = 0; p < P; p++)
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) each(p, v);
  }
};

// Functions of their own, never inlined: only so does the compiler keep every sum in a register.
template <int P, int V>
[[gnu::noinline]] void product(const real* const* x, long first, long taps, long channels,
                               const real* w, real* y, long y_row) {
  Sums<P, V> sums;
  for (long t = 0; t < taps; t++, x += P) {
    const real* row[P];
#pragma GCC unroll 16
    for (int p = 0; p < P; p++) row[p] = x[p] + first;
    for (long c = 0; c < channels; c++, w += V * lanes)
      sums.add([&](int p) { return row[p][c]; }, w);
  }
  sums.for_each([&](int p, int v) { store(y + p * y_row + v * lanes, sums.sum[p][v]); });
}

template <int P, int V>
[[gnu::noinline]] void matrix_product(const real* x, long x_row, long channels, const real* w,
                                      real* y, long y_row) {
  Sums<P, V> sums;
  // Where every fourth row stands; the other three lie one, two and three times x_row from there.
  // More addresses would not stay in registers.
  constexpr int fours = (P + 3) / 4;
  const real* four[fours];
  for (int i = 0; i < fours; i++) four[i] = x + 4 * i * x_row;
  const long three_rows = 3 * x_row;
  for (long c = 0; c < channels; c++, w += V * lanes) {
    sums.add(
        [&](int p) {
          const real* at = four[p / 4];
          return p % 4 == 0   ? at[0]
                 : p % 4 == 1 ? at[x_row]
                 : p % 4 == 2 ? at[2 * x_row]
                              : at[three_rows];
        },
        w);
#pragma GCC unroll 4
    for (int i = 0; i < fours; i++) four[i]++;
  }
  sums.for_each([&](int p, int v) { store(y + p * y_row + v * lanes, sums.sum[p][v]); });
}

template <int P, int V>
[[gnu::noinline]] void outer(const PixelLines& x_lines, const PixelLines& dy_lines, long lines,
                             long pixels, real* dw, long dw_row) {
  const long x_pixel = x_lines.pixel, dy_pixel = dy_lines.pixel;
  Sums<P, V> sums;
  for (long line = 0; line < lines; line++) {
    const real* x = x_lines.first + line * x_lines.line;
    const real* dy = dy_lines.first + line * dy_lines.line;
    for (long t = 0; t < pixels; t++, x += x_pixel, dy += dy_pixel)
      sums.add([&](int p) { return x[p]; }, dy);
  }
  sums.for_each([&](int p, int v) {
    real* to = dw + p * dw_row + v * lanes;
    store(to, load(to) + sums.sum[p][v]);
  });
}

// Of each size there is a function, chosen by vectors and rows.
template <int V, int... P>
constexpr std::array<Product, sizeof...(P)> products(std::integer_sequence<int, P...>) {
  return {product<P + 1, V>...};
}
template <int V, int... P>
constexpr std::array<MatrixProduct, sizeof...(P)> matrix_products(
    std::integer_sequence<int, P...>) {
  return {matrix_product<P + 1, V>...};
}
template <int V, int... P>
constexpr std::array<Outer, sizeof...(P)> outers(std::integer_sequence<int, P...>) {
  return {outer<P + 1, V>...};
}
template <int V>
using Pixels = std::make_integer_sequence<int, tile_pixels(V* lanes)>;
template <int V>
using Rows = std::make_integer_sequence<int, tile_rows(V* lanes)>;
template <int V>
constexpr auto products_of = products<V>(Pixels<V>());
template <int V>
constexpr auto matrix_products_of = matrix_products<V>(Rows<V>());
template <int V>
constexpr auto outers_of = outers<V>(Rows<V>());
constexpr const Product* products_by_width[] = {products_of<1>.data(), products_of<2>.data(),
                                                products_of<3>.data(), products_of<4>.data()};
constexpr const MatrixProduct* matrix_products_by_width[] = {
    matrix_products_of<1>.data(), matrix_products_of<2>.data(), matrix_products_of<3>.data(),
    matrix_products_of<4>.data()};
constexpr const Outer* outers_by_width[] = {outers_of<1>.data(), outers_of<2>.data(),
                                            outers_of<3>.data(), outers_of<4>.data()};

}  // namespace

void microkernel(const real* const* x, long rows, long first, long taps, long channels,
                 const real* w, long width, real* y, long y_row) {
  products_by_width[width / lanes - 1][rows - 1](x, first, taps, channels, w, y, y_row);
}

void microkernel(const real* x, long x_row, long rows, long channels, const real* w, long width,
                 real* y, long y_row) {
  matrix_products_by_width[width / lanes - 1][rows - 1](x, x_row, channels, w, y, y_row);
}

void microkernel_outer(const PixelLines& x, long rows, const PixelLines& dy, long width, long lines,
                       long pixels, real* dw, long dw_row) {
  outers_by_width[width / lanes - 1][rows - 1](x, dy, lines, pixels, dw, dw_row);
}

}  // namespace excite
