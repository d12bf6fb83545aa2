#include "core/kernels/tile.h"

#include <array>
#include <utility>

namespace excite {

namespace {

using Product = void (*)(const real* const* x, long first, long taps, long channels, const real* w, real* y, long y_stride);
using Outer = void (*)(const PixelLines& x, const PixelLines& dy, long lines, long pixels, real* dw, long dw_stride);

// Functions of their own, never inlined: only so does the compiler keep every sum in a register.
template <int P, int V>
[[gnu::noinline]] void product(const real* const* x, long first, long taps, long channels, const real* w, real* y, long y_stride) {
  Vec sum[P][V];
#pragma GCC unroll 12
  for (int p = 0; p < P; p++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) sum[p][v] = Vec{};
  for (long t = 0; t < taps; t++, x += P) {
    const real* row[P];
#pragma GCC unroll 12
    for (int p = 0; p < P; p++) row[p] = x[p] + first;
    for (long c = 0; c < channels; c++, w += V * lanes) {
      Vec weight[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) weight[v] = load(w + v * lanes);
#pragma GCC unroll 12
      for (int p = 0; p < P; p++)
#pragma GCC unroll 4
        for (int v = 0; v < V; v++) sum[p][v] += row[p][c] * weight[v];
    }
  }
#pragma GCC unroll 12
  for (int p = 0; p < P; p++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) store(y + p * y_stride + v * lanes, sum[p][v]);
}

template <int P, int V>
[[gnu::noinline]] void outer(const PixelLines& x_lines, const PixelLines& dy_lines, long lines, long pixels, real* dw, long dw_stride) {
  const long x_pixel = x_lines.pixel, dy_pixel = dy_lines.pixel;
  Vec sum[P][V];
#pragma GCC unroll 12
  for (int p = 0; p < P; p++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) sum[p][v] = Vec{};
  for (long line = 0; line < lines; line++) {
    const real* x = x_lines.first + line * x_lines.line;
    const real* dy = dy_lines.first + line * dy_lines.line;
    for (long t = 0; t < pixels; t++, x += x_pixel, dy += dy_pixel) {
      Vec grad[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) grad[v] = load(dy + v * lanes);
#pragma GCC unroll 12
      for (int p = 0; p < P; p++)
#pragma GCC unroll 4
        for (int v = 0; v < V; v++) sum[p][v] += x[p] * grad[v];
    }
  }
#pragma GCC unroll 12
  for (int p = 0; p < P; p++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) store(dw + p * dw_stride + v * lanes, load(dw + p * dw_stride + v * lanes) + sum[p][v]);
}

// Of each size there is a function, chosen by vectors and rows.
template <int V, int... P>
constexpr std::array<Product, sizeof...(P)> products(std::integer_sequence<int, P...>) { return {product<P + 1, V>...}; }
template <int V, int... P>
constexpr std::array<Outer, sizeof...(P)> outers(std::integer_sequence<int, P...>) { return {outer<P + 1, V>...}; }
template <int V> using Rows = std::make_integer_sequence<int, tile_rows(V * lanes)>;
template <int V> constexpr auto products_of = products<V>(Rows<V>());
template <int V> constexpr auto outers_of = outers<V>(Rows<V>());
constexpr const Product* products_by_width[] = {products_of<1>.data(), products_of<2>.data(), products_of<3>.data(), products_of<4>.data()};
constexpr const Outer* outers_by_width[] = {outers_of<1>.data(), outers_of<2>.data(), outers_of<3>.data(), outers_of<4>.data()};

}  // namespace

void tile_product(const real* const* x, long rows, long first, long taps, long channels, const real* w, long width, real* y, long y_stride) {
  products_by_width[width / lanes - 1][rows - 1](x, first, taps, channels, w, y, y_stride);
}

void tile_outer(const PixelLines& x, long rows, const PixelLines& dy, long width, long lines, long pixels, real* dw, long dw_stride) {
  outers_by_width[width / lanes - 1][rows - 1](x, dy, lines, pixels, dw, dw_stride);
}

}  // namespace excite
