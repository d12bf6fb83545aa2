// Images of all kinds, compared with what Pillow reads from the same files (tests/golden/decoded.py
// makes both).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "core/images/image.h"
#include "core/images/image_size.h"
#include "core/images/image_source.h"
#include "core/images/resize.h"

namespace excite {
namespace {

const std::string folder = "tests/golden/decoded/";

std::vector<std::string> files() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (std::filesystem::exists(entry.path().string() + ".png"))
      names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

int largest_difference(const Image& a, const Image& b) {
  int largest = 0;
  for (std::size_t i = 0; i < a.pixels.size(); i++)
    largest = std::max(largest, std::abs(a.pixels[i] - b.pixels[i]));
  return largest;
}

// The inverse cosine transform may round differently, by one level for each component. What is not
// a JPEG has one right value for each pixel; a value of white that is not 255 is rounded.
TEST(DecodedImages, EqualPillows) {
  long compared = 0;
  for (const std::string& name : files()) {
    const Image ours = read_image(folder + name), expected = read_image(folder + name + ".png");
    ASSERT_EQ(std::pair(ours.height, ours.width), std::pair(expected.height, expected.width))
        << name;
    const int allowed = name.ends_with(".jpg") ? 3 : name.starts_with("white_") ? 1 : 0;
    EXPECT_LE(largest_difference(ours, expected), allowed) << name;
    compared++;
  }
  EXPECT_EQ(compared, 104);
}

TEST(DecodedImages, HaveTheSizeOfTheirHeader) {
  for (const std::string& name : files())
    for (const Exif exif : {Exif::apply, Exif::ignore}) {
      const Image image = read_image(folder + name, exif);
      EXPECT_EQ(read_image_size(folder + name, exif), (ImageSize{image.height, image.width}))
          << name;
    }
}

// Stored pixel (i, j) is where the upright pixel comes from, by the definition of the EXIF values.
TEST(DecodedImages, AreTurnedAsExifDefinesIt) {
  for (int value = 1; value <= 8; value++) {
    const std::string file = folder + "exif" + std::to_string(value) + ".png";
    const Image stored = read_image(file, Exif::ignore), upright = read_image(file);
    const long h = stored.height, w = stored.width;
    ASSERT_EQ(upright.height, value <= 4 ? h : w);
    for (long y = 0; y < upright.height; y++)
      for (long x = 0; x < upright.width; x++) {
        const long rows[] = {y, y, h - 1 - y, h - 1 - y, x, h - 1 - x, h - 1 - x, x};
        const long columns[] = {x, w - 1 - x, w - 1 - x, x, y, y, w - 1 - y, w - 1 - y};
        const long from = rows[value - 1] * w + columns[value - 1];
        for (long c = 0; c < 3; c++)
          ASSERT_EQ(upright.pixels[3 * (y * upright.width + x) + c], stored.pixels[3 * from + c])
              << value << " " << y << " " << x;
      }
  }
}

// Row by row gives the same bytes as resizing all pixels, whichever way the image is turned.
TEST(DecodedImages, AreResizedFromTheirRowsAsFromTheirPixels) {
  for (int value = 1; value <= 8; value++) {
    const std::string file = folder + "exif" + std::to_string(value) + ".jpg";
    const ImageSource source = open_image(file);
    const Image whole = read_image(file);
    for (const ResizeFunction function : {ResizeFunction(resize), ResizeFunction(resize_bicubic)})
      for (const auto& [h, w] : {std::pair(4l, 7l), {20l, 5l}, {13l, 9l}, {1l, 1l}}) {
        const ImageSource pixels(whole);
        EXPECT_EQ(function(source, source.whole(), h, w).pixels,
                  function(pixels, pixels.whole(), h, w).pixels);
        const Window window{2, 1, 6, 7};
        EXPECT_EQ(function(source, window, h, w).pixels,
                  function(ImageSource(pixels), window, h, w).pixels);
        const Image part = crop(pixels, window);
        const ImageSource part_source(part);
        EXPECT_EQ(function(source, window, h, w).pixels,
                  function(part_source, part_source.whole(), h, w).pixels);
      }
  }
}

}  // namespace
}  // namespace excite
