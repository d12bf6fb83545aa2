// The transforms of Winograd's convolution, one band of tiles at a time: from an image to the 36
// planes, and back. winograd.svg shows tiles, bands and planes.
#pragma once
#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "core/kernels/bfloat16.h"
#include "core/kernels/conv2d.h"
#include "core/kernels/conv2d_fusion_vectors.h"
#include "core/kernels/conv2d_winograd.h"
#include "core/kernels/simd.h"
#include "core/kernels/winograd_tile.h"

namespace excite {

// The bands of a batch. A band is the row of tiles that gives four rows of y.
struct Bands {
  const Conv2dShape& q;
  long per_image, tiles, count;  // bands per image, tiles per band, bands of the batch
  explicit Bands(const Conv2dShape& shape)
      : q(shape), per_image((q.oh + 3) / 4), tiles((q.ow + 3) / 4), count(q.n * per_image) {}
  long image(long band) const { return band / per_image; }
  long first_row(long band) const { return band % per_image * 4; }  // of y
};

// Transformed tiles, one plane per position: [36][tiles][width], where width is at least the number
// of channels, and a whole number of vectors. A cache line between two planes keeps them from
// competing for the same cache sets. A Number is a real, or a pair of bfloat16 for two channels.
template <class Number>
struct PlanesOf {
  long row_stride, plane_stride;  // in Numbers
  Buffer numbers;
  PlanesOf(long tiles, long width)
      : row_stride(whole_vectors(width) / channels_of<Number>),
        plane_stride(tiles * row_stride + 64 / static_cast<long>(sizeof(real))),
        numbers(Winograd::positions * plane_stride) {}
  Number* at(long position, long tile, long channel = 0) {
    return reinterpret_cast<Number*>(numbers.data()) + position * plane_stride + tile * row_stride +
           channel / channels_of<Number>;
  }
};
using Planes = PlanesOf<real>;

// The columns of a band after the first half of its 2-D transform: vectors [columns][6].
inline long columns_size(const Bands& bands) { return (bands.tiles * 4 + 2) * 6 * lanes; }
// Scratch memory of a thread for the columns of some vectors of channels.
inline real* column_scratch(const Bands& bands, long vectors) {
  thread_local Buffer scratch;
  thread_local long size = 0;
  const long needed = columns_size(bands) * vectors;
  if (size < needed) scratch = Buffer(needed), size = needed;
  return scratch.data();
}

// The `count` rows of an image that a band reads. `zero` replaces a row outside the image.
template <int count>
struct PixelRows {
  const real* row[count];
  real inside[count];        // 1, or 0 for a row outside the image
  long width, padding_left;  // padding_left: columns of zeros before the first pixel
  PixelRows(const real* x, const real* zero, long n, long first_row, long h, long w, long c,
            long left)
      : width(w), padding_left(left) {
    for (long i = 0; i < count; i++) {
      const bool is_inside = first_row + i >= 0 && first_row + i < h;
      row[i] = is_inside ? x + (n * h + first_row + i) * w * c : zero,
      inside[i] = is_inside ? real(1) : real(0);
    }
  }
};

// Below, PrologueT and EpilogueT are types of the variants Prologue and Epilogue.

// B^T x B for each tile of a band (size = 6), or A dy A^T (size = 4). Columns are transformed
// first, once each, because neighboring tiles share columns.
template <auto transform_1d, int size, class PrologueT, class Number>
void transform_in(const PixelRows<size>& pixels, long channels, const Bands& bands,
                  const PrologueT& prologue, PlanesOf<Number>& planes, long first_tile) {
  const long tiles = bands.tiles, columns = tiles * 4 + size - 4, left = pixels.padding_left,
             inside = std::min(pixels.width, columns - left);
  for_vectors(channels, [&, scratch = column_scratch(bands, 1)](long c, auto count) {
    const auto load_x = make_load(prologue, c, count);
    real* column = scratch;
    const auto add_zeros = [&](long added) {
      for (long i = 0; i < added * 6; i++, column += lanes) store(column, Vec{});
    };
    add_zeros(left);
    const real* row[size];
    for (int i = 0; i < size; i++) row[i] = pixels.row[i] + c;
    for (long j = 0; j < inside; j++, column += 6 * lanes) {
      Vec in[size], out[6];
      for (int i = 0; i < size; i++) {
        in[i] = load_x(row[i]);
        if constexpr (!decltype(load_x)::maps_zero_to_zero) in[i] *= pixels.inside[i];
        row[i] += channels;
      }
      transform_1d(in, out);
      for (int i = 0; i < 6; i++) store(column + i * lanes, out[i]);
    }
    add_zeros(columns - left - inside);

    const real* from = scratch;
    Number* to = planes.at(0, first_tile, c);
    for (long tile = 0; tile < tiles; tile++, from += 4 * 6 * lanes, to += planes.row_stride)
      for (int i = 0; i < 6; i++) {
        Vec in[size], out[6];
        for (int j = 0; j < size; j++) in[j] = load(from + (j * 6 + i) * lanes);
        transform_1d(in, out);
        for (int j = 0; j < 6; j++) store(to + (i * 6 + j) * planes.plane_stride, out[j]);
      }
  });
}

template <class PrologueT, class Number>
void input_band(const Bands& bands, const real* x, const real* zero, const PrologueT& prologue,
                long band, PlanesOf<Number>& planes, long first_tile) {
  const Conv2dShape& q = bands.q;
  const PixelRows<6> pixels(x, zero, bands.image(band), bands.first_row(band) - q.pad.h, q.h, q.w,
                            q.c, q.pad.w);
  transform_in<Winograd::input>(pixels, q.c, bands, prologue, planes, first_tile);
}

inline void output_gradient_band(const Bands& bands, const real* dy, const real* zero, long band,
                                 Planes& planes, long first_tile) {
  const Conv2dShape& q = bands.q;
  const PixelRows<4> pixels(dy, zero, bands.image(band), bands.first_row(band), q.oh, q.ow, q.k, 0);
  transform_in<Winograd::output_gradient>(pixels, q.k, bands, Identity(), planes, first_tile);
}

// The columns of a band of y, for `vectors` vectors of channels from k on. The constructor computes
// the first half of the 2-D transform for all of them.
template <int vectors>
class OutputColumns {
 public:
  OutputColumns(const Bands& bands, Planes& planes, long first_tile, long k)
      : numbers_(column_scratch(bands, vectors)), size_(columns_size(bands)) {
    const long plane_stride = planes.plane_stride;
    for (long tile = 0; tile < bands.tiles; tile++)
      for (int vector = 0; vector < vectors; vector++)
        for (int i = 0; i < 6; i++) {
          Vec in[6], out[4];
          const real* from = planes.at(i * 6, first_tile + tile) + k + vector * lanes;
          for (int j = 0; j < 6; j++) in[j] = load(from + j * plane_stride);
          Winograd::output(in, out);
          for (int j = 0; j < 4; j++) store(at(vector, tile * 4 + j) + i * lanes, out[j]);
        }
  }
  // Column j of one of the vectors: its four rows.
  void compute(int vector, long j, Vec (&out)[4]) const {
    Vec in[6];
    for (int i = 0; i < 6; i++) in[i] = load(at(vector, j) + i * lanes);
    Winograd::output(in, out);
  }
  // The mean of a column of a short run, and of four columns of a long one, nearly.
  template <class Rows>
  Vec near_run(int vector, long begin, long end, Rows rows) const {
    constexpr long samples = 4;
    const auto near_column = [&](long j) {
      Vec out[4];
      compute(vector, j, out);
      return near_mean(rows, [&](long i) { return out[i]; });
    };
    if (end - begin < 8 * samples) return near_column(begin);
    const long step = (end - begin) / samples;
    return near_mean(samples, [&](long i) { return near_column(begin + i * step); });
  }

 private:
  real* at(int vector, long column) const { return numbers_ + vector * size_ + column * 6 * lanes; }
  real* const numbers_;
  const long size_;
};

// y = A^T m A for each tile of a band, for `vectors` vectors of channels from k on. They are
// written side by side, so that a cache line is streamed as a whole.
template <int vectors, class Count, class EpilogueT>
void output_channels(const Bands& bands, Planes& planes, long first_tile, const EpilogueT& epilogue,
                     const Output& y, long band, long k, Count count) {
  using Store = decltype(make_store(epilogue, y, k, count, 0));
  const Conv2dShape& q = bands.q;
  const long row = q.ow * q.k, rows = std::min(4l, q.oh - bands.first_row(band)),
             first = (bands.image(band) * q.oh + bands.first_row(band)) * row + k;
  const OutputColumns<vectors> columns(bands, planes, first_tile, k);
  const auto write_run = [=, &epilogue, &y, channels = q.k](long run, long begin, long end,
                                                            auto row_count) {
    const auto stores = [&]<int... vector>(std::integer_sequence<int, vector...>) {
      return std::array<Store, vectors>{make_store(epilogue, y, k + vector * lanes, count, run)...};
    };
    auto store_y = stores(std::make_integer_sequence<int, vectors>());
    for (int vector = 0; vector < vectors; vector++)
      store_y[vector].begin(columns.near_run(vector, begin, end, row_count));
    for (long j = begin; j < end; j++) {
      Vec out[vectors][4];
#pragma GCC unroll 4
      for (int vector = 0; vector < vectors; vector++) columns.compute(vector, j, out[vector]);
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++)
#pragma GCC unroll 4
        for (int vector = 0; vector < vectors; vector++)
          if (i < row_count)
            store_y[vector](first + i * row + j * channels + vector * lanes, out[vector][i]);
    }
    for (int vector = 0; vector < vectors; vector++) store_y[vector].end();
  };
  constexpr long max_columns = winograd_columns_per_run;
  const long runs = (q.ow + max_columns - 1) / max_columns;
  for (long part = 0; part < runs; part++) {
    const long run = band * runs + part, begin = part * max_columns,
               end = std::min(q.ow, begin + max_columns);
    // Nearly all bands have four rows. A constant spares a comparison per pixel.
    if (rows == 4)
      write_run(run, begin, end, std::integral_constant<long, 4>());
    else
      write_run(run, begin, end, rows);
  }
}

// The same for all channels.
template <class EpilogueT>
void output_band(const Bands& bands, Planes& planes, long first_tile, const EpilogueT& epilogue,
                 const Output& y, long band) {
  constexpr long per_line = vectors_per_cache_line;
  if (y.streamed)
    for (long k = 0; k < bands.q.k; k += per_line * lanes)
      output_channels<per_line>(bands, planes, first_tile, epilogue, y, band, k, WholeVector());
  else
    for_vectors(bands.q.k, [&](long k, auto count) {
      output_channels<1>(bands, planes, first_tile, epilogue, y, band, k, count);
    });
}

}  // namespace excite
