#include "core/images/adjust.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/check.h"

namespace excite {

namespace {

using Bytes = std::vector<std::uint8_t>;
using Table = std::array<std::uint8_t, 256>;  // the new value of each byte

// In float, rounded after each operation: the conversions keep a compiler from fusing them.
Image blend(const Bytes& plain, const Image& image, double factor) {
  Image result{image.height, image.width, Bytes(image.pixels.size())};
  const auto alpha = static_cast<double>(static_cast<float>(factor));
  for (std::size_t i = 0; i < plain.size(); i++) {
    const auto product = static_cast<float>(alpha * (image.pixels[i] - plain[i]));
    const auto sum = static_cast<float>(plain[i] + static_cast<double>(product));
    result.pixels[i] = static_cast<std::uint8_t>(std::clamp(sum, 0.0f, 255.0f));
  }
  return result;
}

// ITU-R 601-2 luma.
std::uint8_t gray_of(const std::uint8_t* rgb) {
  return static_cast<std::uint8_t>((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >>
                                   16);
}

Bytes gray_pixels(const Image& image) {
  Bytes gray(image.pixels.size());
  for (std::size_t i = 0; i < gray.size(); i += 3)
    std::fill_n(gray.begin() + i, 3, gray_of(&image.pixels[i]));
  return gray;
}

Image map_bytes(const Image& image, const std::array<Table, 3>& tables) {
  Image result = image;
  for (std::size_t i = 0; i < result.pixels.size(); i++)
    result.pixels[i] = tables[i % 3][result.pixels[i]];
  return result;
}

template <class NewValue>
Image map_bytes(const Image& image, const NewValue& new_value) {
  Table table{};
  for (int v = 0; v < 256; v++) table[v] = static_cast<std::uint8_t>(new_value(v));
  return map_bytes(image, {table, table, table});
}

using Histogram = std::array<long, 256>;
std::array<Histogram, 3> histograms(const Image& image) {
  std::array<Histogram, 3> counts{};
  for (std::size_t i = 0; i < image.pixels.size(); i++) counts[i % 3][image.pixels[i]]++;
  return counts;
}

Table identity() {
  Table table{};
  for (int v = 0; v < 256; v++) table[v] = static_cast<std::uint8_t>(v);
  return table;
}

Table autocontrast_table(const Histogram& counts) {
  int low = 0, high = 255;
  while (low < 255 && counts[low] == 0) low++;
  while (high > 0 && counts[high] == 0) high--;
  if (high <= low) return identity();
  const double scale = 255.0 / (high - low), offset = -low * scale;
  Table table{};
  for (int v = 0; v < 256; v++) {
    const volatile double product = v * scale;  // rounded: a fused multiply-add would not be
    table[v] = static_cast<std::uint8_t>(std::clamp(static_cast<int>(product + offset), 0, 255));
  }
  return table;
}

Table equalize_table(const Histogram& counts) {
  long pixels = 0, last = 0;
  for (const long count : counts)
    if (count > 0) pixels += count, last = count;
  const long step = (pixels - last) / 255;
  if (step == 0) return identity();
  Table table{};
  long below = step / 2;
  for (int v = 0; v < 256; v++) {
    table[v] = static_cast<std::uint8_t>(std::min(255l, below / step));
    below += counts[v];
  }
  return table;
}

}  // namespace

Image adjust_brightness(const Image& image, double factor) {
  require_image(image, "adjust_brightness");
  return blend(Bytes(image.pixels.size(), 0), image, factor);
}

Image adjust_contrast(const Image& image, double factor) {
  require_image(image, "adjust_contrast");
  long sum = 0;
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) sum += gray_of(&image.pixels[i]);
  const double mean = static_cast<double>(sum) / static_cast<double>(image.height * image.width);
  return blend(Bytes(image.pixels.size(), static_cast<std::uint8_t>(mean + 0.5)), image, factor);
}

Image adjust_saturation(const Image& image, double factor) {
  require_image(image, "adjust_saturation");
  return blend(gray_pixels(image), image, factor);
}

Image adjust_sharpness(const Image& image, double factor) {
  require_image(image, "adjust_sharpness");
  Bytes smooth = image.pixels;
  const long row = 3 * image.width;
  for (long i = 1; i + 1 < image.height; i++)
    for (long at = i * row + 3; at < (i + 1) * row - 3; at++) {
      int sum = 4 * image.pixels[at];
      for (const long line : {at - row, at, at + row})
        sum += image.pixels[line - 3] + image.pixels[line] + image.pixels[line + 3];
      smooth[at] = static_cast<std::uint8_t>((2 * sum + 13) / 26);  // sum / 13 + 1/2
    }
  return blend(smooth, image, factor);
}

Image posterize(const Image& image, int bits) {
  require_image(image, "posterize");
  require(bits >= 0 && bits <= 8, "posterize: ", bits, " bits, expected 0 to 8");
  return map_bytes(image, [&](int v) { return v & ~((1 << (8 - bits)) - 1); });
}

Image solarize(const Image& image, double threshold) {
  require_image(image, "solarize");
  return map_bytes(image, [&](int v) { return v < threshold ? v : 255 - v; });
}

Image autocontrast(const Image& image) {
  require_image(image, "autocontrast");
  const auto [r, g, b] = histograms(image);
  return map_bytes(image, {autocontrast_table(r), autocontrast_table(g), autocontrast_table(b)});
}

Image equalize(const Image& image) {
  require_image(image, "equalize");
  const auto [r, g, b] = histograms(image);
  return map_bytes(image, {equalize_table(r), equalize_table(g), equalize_table(b)});
}

// In fixed point with 16 bits behind the point, as in Pillow.
Image affine(const Image& image, const std::array<double, 6>& inverse) {
  require_image(image, "affine");
  const auto [a, b, c, d, e, f] = inverse;
  const auto fixed = [](double v) { return static_cast<long>(std::floor(v * 65536 + 0.5)); };
  const long a0 = fixed(a), a1 = fixed(b), a3 = fixed(d), a4 = fixed(e);
  const long x0 = fixed(c + a * 0.5 + b * 0.5), y0 = fixed(f + d * 0.5 + e * 0.5);
  Image result{image.height, image.width, Bytes(image.pixels.size(), 0)};
  std::uint8_t* out = result.pixels.data();
  for (long y = 0; y < image.height; y++)
    for (long x = 0; x < image.width; x++, out += 3) {
      const long column = (x0 + a1 * y + a0 * x) >> 16, row = (y0 + a4 * y + a3 * x) >> 16;
      if (column >= 0 && column < image.width && row >= 0 && row < image.height)
        std::copy_n(&image.pixels[3 * (row * image.width + column)], 3, out);
    }
  return result;
}

Image rotate(const Image& image, double degrees) {
  const double angle = -degrees * M_PI / 180, cosine = std::cos(angle), sine = std::sin(angle);
  const double x = static_cast<double>(image.width) / 2, y = static_cast<double>(image.height) / 2;
  return affine(
      image, {cosine, sine, x - cosine * x - sine * y, -sine, cosine, y + sine * x - cosine * y});
}

Image shear_x(const Image& image, double slope) { return affine(image, {1, slope, 0, 0, 1, 0}); }
Image shear_y(const Image& image, double slope) { return affine(image, {1, 0, 0, slope, 1, 0}); }
Image translate(const Image& image, long right, long down) {
  return affine(image, {1, 0, -static_cast<double>(right), 0, 1, -static_cast<double>(down)});
}

}  // namespace excite
