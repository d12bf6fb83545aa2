#include "core/kernels/microkernel.h"

#include <array>
#include <bit>
#include <utility>

#include "core/kernels/microkernel_products.h"

namespace excite {

namespace {

using OuterKernel = void (*)(const StridedPixels& x, const StridedPixels& dy,
                             std::span<const OuterPart> parts, const Tile* tiles);

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

// One function per tile size, as in ProductKernels.
template <int V, int... P>
constexpr std::array<OuterKernel, sizeof...(P)> outers(std::integer_sequence<int, P...>) {
  return {outer<P + 1, V>...};
}
template <int V>
using Rows = std::make_integer_sequence<int, tile_rows(V* lanes)>;
template <int V>
constexpr auto outers_of = outers<V>(Rows<V>());
constexpr const OuterKernel* outers_by_width[] = {outers_of<1>.data(), outers_of<2>.data(),
                                                  outers_of<3>.data(), outers_of<4>.data()};

}  // namespace

void microkernel(const real* const* x, long tap_stride, long rows, long first_channel, long taps,
                 long channels, const real* w, long width, real* y, long y_stride) {
  ProductKernels<real>::pointers_by_width[width / lanes - 1][rows - 1](
      x, tap_stride, first_channel, taps, channels, w, y, y_stride);
}

void microkernel(const real* x, long x_stride, long rows, long channels, const real* w, long width,
                 real* y, long y_stride) {
  ProductKernels<real>::matrices_by_width[width / lanes - 1][rows - 1](x, x_stride, channels, w, y,
                                                                       y_stride);
}

void small_microkernel(const real* x, long rows, const real* w, real* y) {
  small_product<small_channels>(x, rows, w, y);
}

void microkernel_outer(const StridedPixels& x, long rows, const StridedPixels& dy, long width,
                       std::span<const OuterPart> parts, const Tile* tiles) {
  outers_by_width[width / lanes - 1][rows - 1](x, dy, parts, tiles);
}

}  // namespace excite
