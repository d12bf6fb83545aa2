#include "core/images/image_source.h"

#include <algorithm>
#include <utility>

#include "core/check.h"

namespace excite {

namespace {

constexpr long channels = 3;

void reverse_pixels(std::uint8_t* line, long length) {
  for (std::uint8_t *a = line, *b = line + (length - 1) * channels; a < b; a += 3, b -= 3)
    std::swap_ranges(a, a + channels, b);
}

// Lines become columns. In blocks of lines, so that neighbors in memory are written together.
void write_columns(const ImageSource& source, const Window& w, std::uint8_t* pixels) {
  constexpr long block = 16;
  std::vector<std::uint8_t> lines(block * source.line_length() * channels);
  for (long begin = 0; begin < w.width; begin += block) {
    const long count = std::min(block, w.width - begin), length = source.line_length() * channels;
    for (long i = 0; i < count; i++)
      source.write_line(w.left + begin + i, lines.data() + i * length);
    for (long row = 0; row < w.height; row++)
      for (long i = 0; i < count; i++)
        std::copy_n(lines.data() + i * length + (w.top + row) * channels, channels,
                    pixels + (row * w.width + begin + i) * channels);
  }
}

}  // namespace

ImageSource::ImageSource(long height, long width, WriteRow write_row, Orientation orientation)
    : rows_(height), columns_(width), write_row_(std::move(write_row)), orientation_(orientation) {}

ImageSource::ImageSource(const Image& image)
    : ImageSource(image.height, image.width, [&image](long row, std::uint8_t* rgb) {
        std::copy_n(image.pixels.data() + row * image.width * channels, image.width * channels,
                    rgb);
      }) {
  require_image(image, "an image");
}

void ImageSource::write_line(long line, std::uint8_t* rgb) const {
  write_row_(orientation_.rows_reversed ? rows_ - 1 - line : line, rgb);
  if (orientation_.columns_reversed) reverse_pixels(rgb, columns_);
}

void require_inside(const ImageSource& source, const Window& w, const char* what) {
  const bool inside = w.height > 0 && w.width > 0 && w.top >= 0 && w.left >= 0 &&
                      w.height <= source.height() - w.top && w.width <= source.width() - w.left;
  require(inside, what, ": the window of ", w.height, " x ", w.width, " pixels at row ", w.top,
          ", column ", w.left, " is not inside the image of ", source.height(), " x ",
          source.width(), " pixels");
}

Image crop(const ImageSource& source, const Window& w) {
  require_inside(source, w, "crop");
  Image out{w.height, w.width, std::vector<std::uint8_t>(w.height * w.width * channels)};
  if (source.transposed()) {
    write_columns(source, w, out.pixels.data());
  } else if (w.width == source.width()) {
    for (long row = 0; row < w.height; row++)
      source.write_line(w.top + row, out.pixels.data() + row * w.width * channels);
  } else {
    std::vector<std::uint8_t> line(source.width() * channels);
    for (long row = 0; row < w.height; row++) {
      source.write_line(w.top + row, line.data());
      std::copy_n(line.data() + w.left * channels, w.width * channels,
                  out.pixels.data() + row * w.width * channels);
    }
  }
  return out;
}

}  // namespace excite
