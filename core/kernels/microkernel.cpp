#include "core/kernels/microkernel.h"

#include <array>
#include <bit>
#include <utility>

namespace excite {

namespace {

using PointerKernel = void (*)(const real* const* x, long first_channel, long taps, long channels,
                               const real* w, real* y, long y_stride);
using MatrixKernel = void (*)(const real* x, long x_stride, long channels, const real* w, real* y,
                              long y_stride);
using OuterKernel = void (*)(const StridedPixels& x, const StridedPixels& dy,
                             std::span<const OuterPart> parts, const Tile* tiles);

// The sums of a tile: P rows of V vectors.
template <int P, int V>
struct Sums {
  Vec sum[P][V];

  [[gnu::always_inline]] Sums() {
    for_each([&](int p, int v) { sum[p][v] = Vec{}; });
  }

  // sum[p][:] += factor(p) * w[:] for the V vectors at w.
  template <class Factor>
  [[gnu::always_inline]] void add(const Factor& factor, const real* w) {
    Vec weight[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) weight[v] = load(w + v * lanes);
    for_each([&](int p, int v) { sum[p][v] += factor(p) * weight[v]; });
  }

  template <class Each>
  [[gnu::always_inline]] static void for_each(const Each& each) {
#pragma GCC unroll 16
    for (int p = 0; p < P; p++)
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) each(p, v);
  }
};

// The three kernels are never inlined: otherwise the compiler does not keep every sum in a
// register.
template <int P, int V>
[[gnu::noinline]] void product(const real* const* x, long first_channel, long taps, long channels,
                               const real* w, real* y, long y_stride) {
  Sums<P, V> sums;
  for (long t = 0; t < taps; t++, x += P) {
    const real* row[P];
#pragma GCC unroll 16
    for (int p = 0; p < P; p++) row[p] = x[p] + first_channel;
    for (long c = 0; c < channels; c++, w += V * lanes)
      sums.add([&](int p) { return row[p][c]; }, w);
  }
  sums.for_each([&](int p, int v) { store(y + p * y_stride + v * lanes, sums.sum[p][v]); });
}

template <int P, int V>
[[gnu::noinline]] void matrix_product(const real* x, long x_stride, long channels, const real* w,
                                      real* y, long y_stride) {
  Sums<P, V> sums;
  // The addresses of every fourth row; the other rows are reached from them by 1, 2 and 3 strides.
  // One address per row would need more registers than there are.
  constexpr int addresses = (P + 3) / 4;
  const real* address[addresses];
  for (int i = 0; i < addresses; i++) address[i] = x + 4 * i * x_stride;
  const long three_strides = 3 * x_stride;
  for (long c = 0; c < channels; c++, w += V * lanes) {
    sums.add(
        [&](int p) {
          const real* at = address[p / 4];
          return p % 4 == 0   ? at[0]
                 : p % 4 == 1 ? at[x_stride]
                 : p % 4 == 2 ? at[2 * x_stride]
                              : at[three_strides];
        },
        w);
#pragma GCC unroll 4
    for (int i = 0; i < addresses; i++) address[i]++;
  }
  sums.for_each([&](int p, int v) { store(y + p * y_stride + v * lanes, sums.sum[p][v]); });
}

// The sum of the pixels of a part.
template <int P, int V>
[[gnu::always_inline]] inline void add_pixels(Sums<P, V>& sums, const StridedPixels& x_lines,
                                              const StridedPixels& dy_lines,
                                              const OuterPart& part) {
  const long x_step = x_lines.pixel_stride, dy_step = dy_lines.pixel_stride;
  for (long line = 0; line < part.lines; line++) {
    const real* x = x_lines.first + part.first * x_step + line * x_lines.line_stride;
    const real* dy = dy_lines.first + part.first * dy_step + line * dy_lines.line_stride;
    for (long t = 0; t < part.pixels; t++, x += x_step, dy += dy_step)
      sums.add([&](int p) { return x[p]; }, dy);
  }
}

template <int P, int V>
[[gnu::noinline]] void outer(const StridedPixels& x, const StridedPixels& dy,
                             std::span<const OuterPart> parts, const Tile* tiles) {
  for (const OuterPart& part : parts) {
    Sums<P, V> sums;
    add_pixels(sums, x, dy, part);
    const auto add_tile = [&](const Tile& tile) {
      sums.for_each(
          [&](int p, int v) { sums.sum[p][v] += load(tile.first + p * tile.stride + v * lanes); });
    };
    unsigned long terms = part.terms;
    for (int term = terms >> part.level & 1 ? part.level : std::countr_zero(terms); terms != 0;
         term = std::countr_zero(terms)) {
      add_tile(tiles[term]);
      terms &= ~(1ul << term);
    }
    const Tile& to = tiles[part.level];
    sums.for_each(
        [&](int p, int v) { store(to.first + p * to.stride + v * lanes, sums.sum[p][v]); });
  }
}

// One function per tile size, in tables indexed by [vectors - 1][rows - 1].
template <int V, int... P>
constexpr std::array<PointerKernel, sizeof...(P)> products(std::integer_sequence<int, P...>) {
  return {product<P + 1, V>...};
}
template <int V, int... P>
constexpr std::array<MatrixKernel, sizeof...(P)> matrix_products(std::integer_sequence<int, P...>) {
  return {matrix_product<P + 1, V>...};
}
template <int V, int... P>
constexpr std::array<OuterKernel, sizeof...(P)> outers(std::integer_sequence<int, P...>) {
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
constexpr const PointerKernel* products_by_width[] = {products_of<1>.data(), products_of<2>.data(),
                                                      products_of<3>.data(), products_of<4>.data()};
constexpr const MatrixKernel* matrix_products_by_width[] = {
    matrix_products_of<1>.data(), matrix_products_of<2>.data(), matrix_products_of<3>.data(),
    matrix_products_of<4>.data()};
constexpr const OuterKernel* outers_by_width[] = {outers_of<1>.data(), outers_of<2>.data(),
                                                  outers_of<3>.data(), outers_of<4>.data()};

}  // namespace

void microkernel(const real* const* x, long rows, long first_channel, long taps, long channels,
                 const real* w, long width, real* y, long y_stride) {
  products_by_width[width / lanes - 1][rows - 1](x, first_channel, taps, channels, w, y, y_stride);
}

void microkernel(const real* x, long x_stride, long rows, long channels, const real* w, long width,
                 real* y, long y_stride) {
  matrix_products_by_width[width / lanes - 1][rows - 1](x, x_stride, channels, w, y, y_stride);
}

void microkernel_outer(const StridedPixels& x, long rows, const StridedPixels& dy, long width,
                       std::span<const OuterPart> parts, const Tile* tiles) {
  outers_by_width[width / lanes - 1][rows - 1](x, dy, parts, tiles);
}

}  // namespace excite
