// The innermost loops of the fast convolutions: small tiles of a product whose sums stay in
// registers from beginning to end. A tile is 6 rows by up to `tile_vectors` vectors, or 12 to 16
// rows of a single vector: as many sums as registers hold, and enough of them in flight to keep
// both multipliers of a core busy.
#pragma once
#include <algorithm>

#include "core/kernels/simd.h"

namespace excite {

inline constexpr long tile_vectors = vector_registers == 32 ? 4 : 2,
                      max_tile_rows = vector_registers == 32 ? 16 : 12;
inline constexpr long tile_rows(long width) { return width == lanes ? max_tile_rows : 6; }
inline constexpr long max_tile_pixels = 12;  // each wants a register for where it stands
inline constexpr long tile_pixels(long width) { return width == lanes ? max_tile_pixels : 6; }

// Columns are taken a panel at a time, `tile_vectors` vectors wide but for the last one. A packed
// matrix of `rows` rows has its panels one after the other, each row-major, so that a tile reads it
// from front to back: panel(k) begins at number k * rows.
inline long panel_width(long k, long cols) {
  return std::min(tile_vectors * lanes, whole_vectors(cols) - k);
}
inline long packed_size(long rows, long cols) { return rows * whole_vectors(cols); }
inline long packed_at(long row, long k, long rows, long cols) {  // where number k of a row stands
  const long panel = k / (tile_vectors * lanes) * tile_vectors * lanes;
  return panel * rows + row * panel_width(panel, cols) + (k - panel);
}

// y[p, :] = sum over taps t and channels c of  x[t * rows + p][first + c] * w[t * channels + c, :],
// where x[...] point to rows of channels and w is one panel, `width` columns wide.
void microkernel(const real* const* x, long rows, long first, long taps, long channels,
                 const real* w, long width, real* y, long y_row);

// The same of one tap, where x is a matrix: y[p, :] = sum over channels c of  x[p * x_row + c] *
// w[c, :]
void microkernel(const real* x, long x_row, long rows, long channels, const real* w, long width,
                 real* y, long y_row);

// A run of pixels in each of several lines of an image, as one factor of an outer product reads
// them: distances count numbers.
struct PixelLines {
  const real* first;
  long pixel, line;  // from a pixel to the next, from a line to the next
};
// dw[p, :] += sum over the pixels of all lines of  x[pixel][p] * dy[pixel, :],  for p < rows and
// `width` columns
void microkernel_outer(const PixelLines& x, long rows, const PixelLines& dy, long width, long lines,
                       long pixels, real* dw, long dw_row);

// Cuts [0, count) into as few pieces of at most `most` as there can be, all nearly equal, and calls
// body(first, how_many).
template <class Body>
void for_tile_rows(long count, long most, const Body& body) {
  const long pieces = (count + most - 1) / most, size = count / pieces, longer = count % pieces;
  for (long i = 0, first = 0; i < pieces; i++) {
    const long rows = size + (i < longer);
    body(first, rows);
    first += rows;
  }
}

}  // namespace excite
