// The transforms of Winograd's convolution, a band of tiles at a time: from images to the 36
// places, and back.
#pragma once
#include <algorithm>
#include <type_traits>

#include "core/kernels/conv2d.h"
#include "core/kernels/conv2d_fusion_vectors.h"
#include "core/kernels/simd.h"
#include "core/kernels/winograd_tile.h"

namespace excite {

// The tiles of all images, a band of them at a time: a band is the tiles side by side that give
// four rows of an image of y.
struct Bands {
  const Conv2dShape& q;
  long down, across, count;
  explicit Bands(const Conv2dShape& shape)
      : q(shape), down((q.oh + 3) / 4), across((q.ow + 3) / 4), count(q.n * down) {}
  long image(long band) const { return band / down; }
  long top(long band) const { return band % down * 4; }  // row of y
};

// Some tiles' numbers at 36 places: [36][tiles][channels rounded up to whole vectors]. A cache line
// between the places keeps them from falling on the same lines of the cache.
struct Planes {
  long channels, row, plane;
  Buffer numbers;
  Planes(long tiles, long c)
      : channels(c),
        row(whole_vectors(c)),
        plane(tiles * row + 64 / static_cast<long>(sizeof(real))),
        numbers(Winograd::places * plane) {}
  real* at(long place, long tile) { return numbers.data() + place * plane + tile * row; }
};

// What a thread keeps of a band between the two sides of its transform: vectors [columns][6].
inline real* half_of(const Bands& bands) {
  thread_local Buffer half;
  thread_local long size = 0;
  const long needed = (bands.across * 4 + 2) * 6 * lanes;
  if (size < needed) half = Buffer(needed), size = needed;
  return half.data();
}

// Rows of pixels of one image, as a band's transform reads them; `zero` stands for a row outside of
// it.
template <int side>
struct PixelRows {
  const real* row[side];
  real inside[side];  // 1, or 0 for a row outside
  long width, left;   // `left` columns of zeros stand before the first pixel
  PixelRows(const real* x, const real* zero, long n, long top, long h, long w, long c, long before)
      : width(w), left(before) {
    for (long i = 0; i < side; i++) {
      const bool is_inside = top + i >= 0 && top + i < h;
      row[i] = is_inside ? x + (n * h + top + i) * w * c : zero,
      inside[i] = is_inside ? real(1) : real(0);
    }
  }
};

// B^T x B of the tiles of a band (side = 6), or A dy A^T (side = 4). The columns go first: where
// tiles overlap, they share them.
template <auto one_side, int side, class Read>
void transform_in(const PixelRows<side>& pixels, const Bands& bands, const Read& read,
                  Planes& planes, long at) {
  for_vectors(planes.channels, [=, &read, &planes, half = half_of(bands), across = bands.across](
                                   long c, auto count) {
    const auto numbers = reader(read, c, count);
    const long plane = planes.plane, channels = planes.channels;
    for (long j = 0; j < across * 4 + side - 4; j++) {
      const long column = j - pixels.left;
      Vec in[side] = {}, out[6];
      if (column >= 0 && column < pixels.width)
        for (int i = 0; i < side; i++) {
          in[i] = numbers(pixels.row[i] + column * channels + c);
          if constexpr (!decltype(numbers)::zero_is_zero) in[i] *= pixels.inside[i];
        }
      one_side(in, out);
      for (int i = 0; i < 6; i++) store(half + (j * 6 + i) * lanes, out[i]);
    }
    for (long tile = 0; tile < across; tile++)
      for (int i = 0; i < 6; i++) {
        Vec in[side], out[6];
        for (int j = 0; j < side; j++) in[j] = load(half + ((tile * 4 + j) * 6 + i) * lanes);
        one_side(in, out);
        real* to = planes.at(i * 6, at + tile) + c;
        for (int j = 0; j < 6; j++) store(to + j * plane, out[j]);
      }
  });
}

template <class Read>
void input_band(const Bands& bands, const real* x, const real* zero, const Read& read, long band,
                Planes& planes, long at) {
  const Conv2dShape& q = bands.q;
  const PixelRows<6> pixels(x, zero, bands.image(band), bands.top(band) - q.pad.h, q.h, q.w, q.c,
                            q.pad.w);
  transform_in<Winograd::input>(pixels, bands, read, planes, at);
}

inline void output_gradient_band(const Bands& bands, const real* dy, const real* zero, long band,
                                 Planes& planes, long at) {
  const Conv2dShape& q = bands.q;
  const PixelRows<4> pixels(dy, zero, bands.image(band), bands.top(band), q.oh, q.ow, q.k, 0);
  transform_in<Winograd::output_gradient>(pixels, bands, Identity(), planes, at);
}

// y = A^T m A
template <class Write>
void output_band(const Bands& bands, Planes& planes, long at, const Write& write, real* y,
                 long band) {
  const Conv2dShape& q = bands.q;
  const long first = (bands.image(band) * q.oh + bands.top(band)) * q.ow * q.k,
             rows = std::min(4l, q.oh - bands.top(band));
  for_vectors(q.k, [=, &write, &planes, half = half_of(bands), across = bands.across, width = q.ow,
                    channels = q.k](long k, auto count) {
    const long plane = planes.plane;
    for (long tile = 0; tile < across; tile++)
      for (int i = 0; i < 6; i++) {
        Vec in[6], out[4];
        const real* from = planes.at(i * 6, at + tile) + k;
        for (int j = 0; j < 6; j++) in[j] = load(from + j * plane);
        Winograd::output(in, out);
        for (int j = 0; j < 4; j++) store(half + ((tile * 4 + j) * 6 + i) * lanes, out[j]);
      }
    const auto column = [=](long j, Vec(&out)[4]) {
      Vec in[6];
      for (int i = 0; i < 6; i++) in[i] = load(half + (j * 6 + i) * lanes);
      Winograd::output(in, out);
    };
    auto numbers = writer(write, y, k, count, band);
    const auto write_rows = [&](auto how_many) {
      Vec out[4];
      column(0, out);
      numbers.begin(out[0]);  // a run counts from its first number
      for (long j = 0; j < width; j++) {
        column(j, out);
        for (int i = 0; i < 4; i++)
          if (i < how_many) numbers(first + (i * width + j) * channels + k, out[i]);
      }
    };
    if (rows == 4)
      write_rows(std::integral_constant<long, 4>());  // as most are: a number that the compiler
                                                      // knows is not asked for at each pixel
    else
      write_rows(rows);
    numbers.end();
  });
}

}  // namespace excite
