#include "core/kernels/tile.h"

namespace excite {

namespace {

using Product = void (*)(const real* const* x, long first, long taps, long channels, const real* w, real* y, long y_stride);
using Outer = void (*)(const PixelLines& x, const PixelLines& dy, long lines, long pixels, real* dw, long dw_stride);

// Functions of their own, never inlined: only so does the compiler keep every sum in a register.
template <int P, int V>
[[gnu::noinline]] void product(const real* const* x, long first, long taps, long channels, const real* w, real* y, long y_stride) {
  Vec sum[P][V];
#pragma GCC unroll 6
  for (int p = 0; p < P; p++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) sum[p][v] = Vec{};
  for (long t = 0; t < taps; t++, x += P) {
    const real* row[P];
#pragma GCC unroll 6
    for (int p = 0; p < P; p++) row[p] = x[p] + first;
    for (long c = 0; c < channels; c++, w += V * lanes) {
      Vec weight[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) weight[v] = load(w + v * lanes);
#pragma GCC unroll 6
      for (int p = 0; p < P; p++)
#pragma GCC unroll 4
        for (int v = 0; v < V; v++) sum[p][v] += row[p][c] * weight[v];
    }
  }
#pragma GCC unroll 6
  for (int p = 0; p < P; p++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) store(y + p * y_stride + v * lanes, sum[p][v]);
}

template <int P, int V>
[[gnu::noinline]] void outer(const PixelLines& x_lines, const PixelLines& dy_lines, long lines, long pixels, real* dw, long dw_stride) {
  const long x_pixel = x_lines.pixel, dy_pixel = dy_lines.pixel;
  Vec sum[P][V];
#pragma GCC unroll 6
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
#pragma GCC unroll 6
      for (int p = 0; p < P; p++)
#pragma GCC unroll 4
        for (int v = 0; v < V; v++) sum[p][v] += x[p] * grad[v];
    }
  }
#pragma GCC unroll 6
  for (int p = 0; p < P; p++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) store(dw + p * dw_stride + v * lanes, load(dw + p * dw_stride + v * lanes) + sum[p][v]);
}

// Of each size there is a function, chosen by rows and vectors.
template <int V> constexpr Product products[] = {product<1, V>, product<2, V>, product<3, V>, product<4, V>, product<5, V>, product<6, V>};
template <int V> constexpr Outer outers[] = {outer<1, V>, outer<2, V>, outer<3, V>, outer<4, V>, outer<5, V>, outer<6, V>};
constexpr const Product* products_by_width[] = {products<1>, products<2>, products<3>, products<4>};
constexpr const Outer* outers_by_width[] = {outers<1>, outers<2>, outers<3>, outers<4>};

}  // namespace

void tile_product(const real* const* x, long rows, long first, long taps, long channels, const real* w, long width, real* y, long y_stride) {
  products_by_width[width / lanes - 1][rows - 1](x, first, taps, channels, w, y, y_stride);
}

void tile_outer(const PixelLines& x, long rows, const PixelLines& dy, long width, long lines, long pixels, real* dw, long dw_stride) {
  outers_by_width[width / lanes - 1][rows - 1](x, dy, lines, pixels, dw, dw_stride);
}

}  // namespace excite
