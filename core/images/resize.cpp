#include "core/images/resize.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/check.h"

namespace excite {

namespace {

constexpr long channels = 3;

struct Filter {
  double radius;  // beyond it the weight is 0
  double (*weight)(double x);
};

const Filter triangle{1, [](double x) { return std::max(0.0, 1 - std::abs(x)); }};

// Keys' cubic: 1 at 0 and 0 at the other whole numbers, with a continuous derivative.
const Filter cubic{2, [](double x) {
                     constexpr double a = -0.5;
                     x = std::abs(x);
                     if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
                     return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
                   }};

// Along one axis, a new pixel is a sum of old pixels from `begin` on, with these weights, whose sum
// is 1.
struct Taps {
  long begin;
  std::vector<float> weights;
};

std::vector<Taps> taps_of(long from, long to, const Filter& filter) {
  const double scale = static_cast<double>(from) / static_cast<double>(to),
               stretch = std::max(scale, 1.0), radius = filter.radius * stretch;
  std::vector<Taps> all;
  for (long i = 0; i < to; i++) {
    const double center = (static_cast<double>(i) + 0.5) * scale;  // pixel j lies at j + 1/2
    const long begin = std::max(0l, static_cast<long>(center - radius + 0.5)),
               end = std::min(from, static_cast<long>(center + radius + 0.5));
    std::vector<double> weights;
    double sum = 0;
    for (long j = begin; j < end; j++)
      weights.push_back(filter.weight((static_cast<double>(j) + 0.5 - center) / stretch)),
          sum += weights.back();
    Taps taps{begin, {}};
    for (const double w : weights) taps.weights.push_back(static_cast<float>(w / sum));
    all.push_back(std::move(taps));
  }
  return all;
}

std::uint8_t to_byte(float v) {
  return static_cast<std::uint8_t>(std::clamp(v + 0.5f, 0.0f, 255.0f));
}

// [rows, from, inner] -> [rows, to, inner]. Along the width, inner is the number of channels; along
// the height, it is the number of bytes per row.
std::vector<std::uint8_t> resize_axis(const std::vector<std::uint8_t>& x, long rows, long from,
                                      long to, long inner, const Filter& filter) {
  if (from == to) return x;
  const std::vector<Taps> taps = taps_of(from, to, filter);
  std::vector<std::uint8_t> y(rows * to * inner);
  std::vector<float> sum(inner);
  for (long r = 0; r < rows; r++)
    for (long i = 0; i < to; i++) {
      const Taps& t = taps[i];
      const std::uint8_t* old = x.data() + (r * from + t.begin) * inner;
      std::fill(sum.begin(), sum.end(), 0.0f);
      for (const float w : t.weights) {
        for (long k = 0; k < inner; k++) sum[k] += w * static_cast<float>(old[k]);
        old += inner;
      }
      std::transform(sum.begin(), sum.end(), y.begin() + (r * to + i) * inner, to_byte);
    }
  return y;
}

// Resizes first the rows, then the columns, and rounds to bytes in between, as Pillow does.
Image resize_by(const Image& image, long height, long width, const Filter& filter) {
  require_image(image, "resize");
  require_image_size(height, width, "resize");
  const std::vector<std::uint8_t> wide =
      resize_axis(image.pixels, image.height, image.width, width, channels, filter);
  return {height, width, resize_axis(wide, 1, image.height, height, width * channels, filter)};
}

}  // namespace

Image resize(const Image& image, long height, long width) {
  return resize_by(image, height, width, triangle);
}
Image resize_bicubic(const Image& image, long height, long width) {
  return resize_by(image, height, width, cubic);
}

Image resize_short_side(const Image& image, long side, ResizeFunction function) {
  require_image(image, "resize_short_side");
  const long shorter = std::min(image.height, image.width);
  return function(image, side * image.height / shorter, side * image.width / shorter);
}

Image crop(const Image& image, long top, long left, long height, long width) {
  require_image(image, "crop");
  const bool inside = height > 0 && width > 0 && top >= 0 && left >= 0 &&
                      height <= image.height - top && width <= image.width - left;
  require(inside, "crop: the window of ", height, " x ", width, " pixels at row ", top, ", column ",
          left, " is not inside the image of ", image.height, " x ", image.width, " pixels");
  Image out{height, width, {}};
  out.pixels.reserve(height * width * channels);
  for (long row = top; row < top + height; row++) {
    const auto begin = image.pixels.begin() + (row * image.width + left) * channels;
    out.pixels.insert(out.pixels.end(), begin, begin + width * channels);
  }
  return out;
}

long rounded_half(long n) { return std::lrint(static_cast<double>(n) / 2); }

Image center_crop(const Image& image, long height, long width) {
  return crop(image, rounded_half(image.height - height), rounded_half(image.width - width), height,
              width);
}

}  // namespace excite
