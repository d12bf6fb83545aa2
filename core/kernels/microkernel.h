// The microkernels: the innermost loops of the fast convolutions. Each computes a small tile of a
// matrix product, whose sums stay in registers from beginning to end. A tile has 6 rows of up to
// `tile_vectors` vectors, or 12 or 16 rows of one vector. That is as many sums as the registers
// hold, and enough independent sums to keep both multipliers of a core busy.
#pragma once
#include <algorithm>
#include <span>

#include "core/kernels/simd.h"

namespace excite {

inline constexpr long tile_vectors = vector_registers == 32 ? 4 : 2,
                      max_tile_rows = vector_registers == 32 ? 16 : 12;
inline constexpr long tile_rows(long width) { return width == lanes ? max_tile_rows : 6; }
inline constexpr long max_tile_numbers =  // of one vector or `tile_vectors` vectors per row
    std::max(max_tile_rows, 6 * tile_vectors) * lanes;
inline constexpr long max_tile_pixels = 12;  // each pixel needs a register for its address
inline constexpr long tile_pixels(long width) { return width == lanes ? max_tile_pixels : 6; }

// A packed matrix (rows, cols) is split into panels of columns. A panel is `tile_vectors` vectors
// wide; the last one may be narrower. The panels follow each other in memory, each row-major, so a
// tile reads its panel from front to back. The panel of column k begins at index k * rows.
inline long panel_width(long k, long cols) {
  return std::min(tile_vectors * lanes, whole_vectors(cols) - k);
}
inline long packed_size(long rows, long cols) { return rows * whole_vectors(cols); }
// The index of element (row, k).
inline long packed_at(long row, long k, long rows, long cols) {
  const long panel = k / (tile_vectors * lanes) * tile_vectors * lanes;
  return panel * rows + row * panel_width(panel, cols) + (k - panel);
}

// y[p, :] = sum over taps t and channels c of
//           x[t * tap_stride + p][first_channel + c] * w[t * channels + c, :]
// for p < rows. The pointers x[...] point to pixels; w is one panel of `width` columns. Widths
// and strides count numbers.
void microkernel(const real* const* x, long tap_stride, long rows, long first_channel, long taps,
                 long channels, const real* w, long width, real* y, long y_stride);

// The same with one tap and a matrix x of `rows` rows:
//   y[p, :] = sum over channels c of  x[p * x_stride + c] * w[c, :]
void microkernel(const real* x, long x_stride, long rows, long channels, const real* w, long width,
                 real* y, long y_stride);

// The same for a small weight, w [small_channels][lanes], which stays in registers, and any number
// of rows: x is [rows][small_channels], y is [rows][lanes]. It needs 32 vector registers.
inline constexpr long small_channels = lanes;
inline bool weight_is_small(long channels, long cols) {
  return vector_registers == 32 && channels == small_channels && whole_vectors(cols) == lanes;
}
void small_microkernel(const real* x, long rows, const real* w, real* y);

// Pixels of an image, at equal distances within a line and from line to line.
struct StridedPixels {
  const real* first;
  long pixel_stride, line_stride;
};
// A tile of a matrix whose rows are `stride` numbers apart.
struct Tile {
  real* first;
  long stride;
};
// Some pixels of an image from pixel `first` on, in lines of `pixels` pixels. Their sum is written
// to the tile of a level. `terms` are the levels whose tiles are added to it, a bit for each.
struct OuterPart {
  long first, lines, pixels;
  int level;
  unsigned long terms;
};
// For each part, in order, where `to` is its level:
//   tiles[to][p, :] = sum over its pixels of  x[pixel][p] * dy[pixel, :]  + tiles[term][p, :] + ...
// for p < rows and `width` columns. The terms are added to the complete sum over the pixels, first
// tiles[to] itself, if it is a term, and then the lowest first.
void microkernel_outer(const StridedPixels& x, long rows, const StridedPixels& dy, long width,
                       std::span<const OuterPart> parts, const Tile* tiles);

// Cuts [0, count) into as few nearly equal pieces of at most max_rows as possible, and calls
// body(first, rows) for each.
template <class Body>
void for_tile_rows(long count, long max_rows, const Body& body) {
  const long pieces = (count + max_rows - 1) / max_rows, size = count / pieces,
             longer = count % pieces;
  for (long i = 0, first = 0; i < pieces; i++) {
    const long rows = size + (i < longer);
    body(first, rows);
    first += rows;
  }
}

}  // namespace excite
