#include "core/images/jpeg_rows.h"

#include <algorithm>
#include <utility>

namespace excite {

namespace {

using Samples = const std::uint8_t*;

// Between two samples, the nearer one has weight 3/4 and the other 1/4. Halves are rounded up at
// one place and down at the next, so that they do not make the image brighter (libjpeg's "fancy
// upsampling").

// y[2 j] and y[2 j + 1] from x[j] and its neighbors; n is at least 2.
void double_across(Samples x, long n, std::uint8_t* y) {
  *y++ = x[0];
  *y++ = static_cast<std::uint8_t>((3 * x[0] + x[1] + 2) >> 2);
  for (long j = 1; j < n - 1; j++) {
    *y++ = static_cast<std::uint8_t>((3 * x[j] + x[j - 1] + 1) >> 2);
    *y++ = static_cast<std::uint8_t>((3 * x[j] + x[j + 1] + 2) >> 2);
  }
  *y++ = static_cast<std::uint8_t>((3 * x[n - 1] + x[n - 2] + 1) >> 2);
  *y++ = x[n - 1];
}

// The row is nearer to `near` than to `far`.
void between_rows(Samples near, Samples far, bool upper, long n, std::uint8_t* y) {
  const int half = upper ? 1 : 2;
  for (long j = 0; j < n; j++) y[j] = static_cast<std::uint8_t>((3 * near[j] + far[j] + half) >> 2);
}

// Both at once: sums[j] = 3 near[j] + far[j] is four times the sample between the rows.
void double_between_rows(Samples near, Samples far, long n, int* sums, std::uint8_t* y) {
  for (long j = 0; j < n; j++) sums[j] = 3 * near[j] + far[j];
  *y++ = static_cast<std::uint8_t>((4 * sums[0] + 8) >> 4);
  *y++ = static_cast<std::uint8_t>((3 * sums[0] + sums[1] + 7) >> 4);
  for (long j = 1; j < n - 1; j++) {
    *y++ = static_cast<std::uint8_t>((3 * sums[j] + sums[j - 1] + 8) >> 4);
    *y++ = static_cast<std::uint8_t>((3 * sums[j] + sums[j + 1] + 7) >> 4);
  }
  *y++ = static_cast<std::uint8_t>((3 * sums[n - 1] + sums[n - 2] + 8) >> 4);
  *y++ = static_cast<std::uint8_t>((4 * sums[n - 1] + 7) >> 4);
}

std::uint8_t clamped(int v) { return static_cast<std::uint8_t>(std::clamp(v, 0, 255)); }

// The factors 1.402, 0.34414, 0.71414 and 1.772 of JFIF, times 65536.
void ycbcr_to_rgb(Samples y, Samples blue, Samples red, long n, std::uint8_t* rgb) {
  constexpr int half = 1 << 15;
  for (long j = 0; j < n; j++) {
    const int b = blue[j] - 128, r = red[j] - 128;
    rgb[3 * j] = clamped(y[j] + ((91881 * r + half) >> 16));
    rgb[3 * j + 1] = clamped(y[j] + ((-22554 * b - 46802 * r + half) >> 16));
    rgb[3 * j + 2] = clamped(y[j] + ((116130 * b + half) >> 16));
  }
}

// a b / 255, rounded
int product(int a, int b) {
  const int t = a * b + 128;
  return (t + (t >> 8)) >> 8;
}

// Ink takes away light: from the amounts of cyan, magenta and yellow, [n, 3], to
// (1 - ink) (1 - black).
void remove_ink(std::uint8_t* rgb, Samples not_black, long n) {
  for (long j = 0; j < n; j++)
    for (long c = 0; c < 3; c++)
      rgb[3 * j + c] =
          static_cast<std::uint8_t>(not_black[j] - product(rgb[3 * j + c], not_black[j]));
}

struct Rows {
  JpegPlanes jpeg;
  JpegColors colors;
  long width;
  std::vector<Bytes> lines{};  // of each component
  std::vector<int> sums{};

  // Row `row` of a component, at the width of the image.
  Samples samples(std::size_t component, long row) {
    const JpegPlane& p = jpeg.planes[component];
    const long y = row / p.pixels_down, n = p.width;
    const bool upper = row % 2 == 0;
    const Samples near = p.samples + y * p.stride;
    const Samples far = p.samples + std::clamp(upper ? y - 1 : y + 1, 0l, p.height - 1) * p.stride;
    std::uint8_t* line = lines[component].data();
    const bool smooth_across = p.pixels_across == 2 && n > 2;
    if (p.pixels_across == 1 && p.pixels_down == 1) return near;
    if (p.pixels_across == 1 && p.pixels_down == 2)
      between_rows(near, far, upper, n, line);
    else if (smooth_across && p.pixels_down == 1)
      double_across(near, n, line);
    else if (smooth_across && p.pixels_down == 2)
      double_between_rows(near, far, n, sums.data(), line);
    else
      for (long j = 0; j < width; j++) line[j] = near[j / p.pixels_across];
    return line;
  }

  void write(long row, std::uint8_t* rgb) {
    Samples x[4] = {};
    for (std::size_t c = 0; c < jpeg.planes.size(); c++) x[c] = samples(c, row);
    switch (colors) {
      case JpegColors::gray:
        for (long j = 0; j < width; j++) std::fill_n(rgb + 3 * j, 3, x[0][j]);
        break;
      case JpegColors::rgb:
        for (long j = 0; j < width; j++)
          for (std::size_t c = 0; c < 3; c++) rgb[3 * j + static_cast<long>(c)] = x[c][j];
        break;
      case JpegColors::ycbcr: ycbcr_to_rgb(x[0], x[1], x[2], width, rgb); break;
      // As Adobe's programs do, files store 255 - ink.
      case JpegColors::cmyk:
        for (long j = 0; j < width; j++)
          for (std::size_t c = 0; c < 3; c++)
            rgb[3 * j + static_cast<long>(c)] = static_cast<std::uint8_t>(255 - x[c][j]);
        remove_ink(rgb, x[3], width);
        break;
      case JpegColors::ycck:  // the conversion gives the ink itself
        ycbcr_to_rgb(x[0], x[1], x[2], width, rgb);
        remove_ink(rgb, x[3], width);
        break;
    }
  }
};

}  // namespace

ImageSource::WriteRow jpeg_rows(JpegPlanes planes, JpegColors colors, long width) {
  constexpr long longest_step = 4;  // an interpolated line may be a few samples longer than a row
  const std::size_t count = planes.planes.size();
  const auto rows = std::make_shared<Rows>(Rows{std::move(planes), colors, width});
  rows->lines.assign(count, Bytes(width + longest_step));
  rows->sums.resize(width + longest_step);
  return [rows](long row, std::uint8_t* rgb) { rows->write(row, rgb); };
}

}  // namespace excite
