#include "core/images/resize.h"

#include <algorithm>
#include <cmath>
#include <functional>
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

// If the size stays the same, every pixel is itself.
std::vector<Taps> taps_of(long from, long to, const Filter& filter) {
  const double scale = static_cast<double>(from) / static_cast<double>(to),
               stretch = std::max(scale, 1.0), radius = filter.radius * stretch;
  std::vector<Taps> all;
  for (long i = 0; i < to && from == to; i++) all.push_back({i, {1.0f}});
  for (long i = 0; i < to && from != to; i++) {
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

// y [to, 3] from x [from, 3]: pixels along a line.
void resize_line(const std::vector<Taps>& taps, const std::uint8_t* x, std::uint8_t* y) {
  for (const Taps& t : taps) {
    float sum[channels] = {};
    const std::uint8_t* old = x + t.begin * channels;
    for (const float w : t.weights) {
      for (long c = 0; c < channels; c++) sum[c] += w * static_cast<float>(old[c]);
      old += channels;
    }
    y = std::transform(sum, sum + channels, y, to_byte);
  }
}

// Lines of `bytes` bytes are asked for in their order, and those that new lines still need are
// kept: there are never more than a filter is wide.
class Lines {
 public:
  using Write = std::function<void(long line, std::uint8_t* bytes)>;
  Lines(long bytes, long kept, Write write)
      : bytes_(bytes), kept_(kept), write_(std::move(write)), lines_(bytes * kept) {}
  const std::uint8_t* operator[](long line) {
    for (; next_ <= line; next_++) write_(next_, at(next_));
    return at(line);
  }

 private:
  std::uint8_t* at(long line) { return lines_.data() + line % kept_ * bytes_; }
  long bytes_, kept_, next_ = 0;
  Write write_;
  std::vector<std::uint8_t> lines_;
};

// Calls use(i, line) for each of the new lines, which are weighted means of old ones.
void resize_lines(const std::vector<Taps>& taps, long bytes, const Lines::Write& write,
                  const std::function<void(long, const std::uint8_t*)>& use) {
  std::size_t kept = 0;
  for (const Taps& t : taps) kept = std::max(kept, t.weights.size());
  Lines lines(bytes, static_cast<long>(kept), write);
  std::vector<float> sum(bytes);
  std::vector<std::uint8_t> line(bytes);
  for (std::size_t i = 0; i < taps.size(); i++) {
    std::fill(sum.begin(), sum.end(), 0.0f);
    long from = taps[i].begin;
    for (const float w : taps[i].weights) {
      const std::uint8_t* old = lines[from++];
      for (long k = 0; k < bytes; k++) sum[k] += w * static_cast<float>(old[k]);
    }
    std::transform(sum.begin(), sum.end(), line.begin(), to_byte);
    use(static_cast<long>(i), line.data());
  }
}

// Resizes first along the rows, then along the columns, and rounds to bytes in between, as Pillow
// does. The lines of a transposed source are columns, so there the first step combines lines.
Image resize_by(const ImageSource& source, const Window& w, long height, long width,
                const Filter& filter) {
  require_image_size(height, width, "resize");
  require_inside(source, w, "resize");
  if (w.height == height && w.width == width) return crop(source, w);
  const std::vector<Taps> across = taps_of(w.width, width, filter),
                          down = taps_of(w.height, height, filter);
  Image out{height, width, std::vector<std::uint8_t>(height * width * channels)};
  std::vector<std::uint8_t> line(source.line_length() * channels);
  if (!source.transposed()) {
    const auto write_resized = [&](long row, std::uint8_t* rgb) {
      source.write_line(w.top + row, line.data());
      resize_line(across, line.data() + w.left * channels, rgb);
    };
    resize_lines(down, width * channels, write_resized, [&](long row, const std::uint8_t* rgb) {
      std::copy_n(rgb, width * channels, out.pixels.data() + row * width * channels);
    });
  } else {
    const auto write_part = [&](long column, std::uint8_t* rgb) {
      source.write_line(w.left + column, line.data());
      std::copy_n(line.data() + w.top * channels, w.height * channels, rgb);
    };
    std::vector<std::uint8_t> resized(height * channels);
    resize_lines(across, w.height * channels, write_part, [&](long column, const auto* rgb) {
      resize_line(down, rgb, resized.data());
      for (long row = 0; row < height; row++)
        std::copy_n(resized.data() + row * channels, channels,
                    out.pixels.data() + (row * width + column) * channels);
    });
  }
  return out;
}

}  // namespace

Image resize(const ImageSource& source, const Window& window, long height, long width) {
  return resize_by(source, window, height, width, triangle);
}
Image resize_bicubic(const ImageSource& source, const Window& window, long height, long width) {
  return resize_by(source, window, height, width, cubic);
}
Image resize(const Image& image, long height, long width) {
  const ImageSource source(image);
  return resize(source, source.whole(), height, width);
}
Image resize_bicubic(const Image& image, long height, long width) {
  const ImageSource source(image);
  return resize_bicubic(source, source.whole(), height, width);
}

Image resize_short_side(const ImageSource& source, const Window& window, long side,
                        ResizeFunction function) {
  const long shorter = std::min(window.height, window.width);
  require(shorter > 0, "resize_short_side: a window of ", window.height, " x ", window.width,
          " pixels, expected at least one");
  return function(source, window, side * window.height / shorter, side * window.width / shorter);
}
Image resize_short_side(const Image& image, long side, ResizeFunction function) {
  const ImageSource source(image);
  return resize_short_side(source, source.whole(), side, function);
}

Image crop(const Image& image, long top, long left, long height, long width) {
  return crop(ImageSource(image), {top, left, height, width});
}

long rounded_half(long n) { return std::lrint(static_cast<double>(n) / 2); }

Image center_crop(const Image& image, long height, long width) {
  return crop(image, rounded_half(image.height - height), rounded_half(image.width - width), height,
              width);
}

}  // namespace excite
