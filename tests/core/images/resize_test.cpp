#include "core/images/resize.h"

#include <array>
#include <cmath>
#include <cstdio>

#include "core/random.h"
#include "tests/golden/vectors.h"
#include "tests/support/golden_image.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

using Bytes = std::vector<std::uint8_t>;

Image noise(long height, long width) {
  Rng rng(3);
  Image image{height, width, Bytes(3 * height * width)};
  for (auto& p : image.pixels) p = static_cast<std::uint8_t>(rng.below(256));
  return image;
}

void expect_within(double tolerance, const Image& image, const Tensor& expected,
                   const std::string& name) {
  ASSERT_EQ((Shape{image.height, image.width, 3}), expected.shape()) << name;
  double worst = 0;
  for (long i = 0; i < expected.size(); i++)
    worst = std::max(worst, std::abs(static_cast<double>(expected[i]) - image.pixels[i]));
  EXPECT_LE(worst, tolerance) << name;
}

// Pillow rounds weights to 22 bits, so pixels may differ by one level.
TEST(Resize, EqualsPillow) {
  const SafetensorsFile file = golden::open("images.safetensors");
  long compared = 0;
  for (const std::string& name : file.names()) {
    char filter[16] = "";
    long h = 0, w = 0, a = 0, b = 0;
    const bool whole =
        std::sscanf(name.c_str(), "%15[a-z]/%ldx%ld/to/%ldx%ld", filter, &h, &w, &a, &b) == 5;
    ASSERT_TRUE(whole || std::sscanf(name.c_str(), "view/%15[a-z]/%ldx%ld/%ld/%ld", filter, &h, &w,
                                     &a, &b) == 5)
        << name;
    const bool bilinear = filter == std::string("bilinear");
    const ResizeFunction resize_by =
        bilinear ? ResizeFunction(resize) : ResizeFunction(resize_bicubic);
    const Image image = golden_image(h, w);
    const ImageSource source(image);
    expect_within(1,
                  whole ? resize_by(source, source.whole(), a, b)
                        : center_crop(resize_short_side(image, a, resize_by), b, b),
                  file.read(name), name);
    compared++;
  }
  EXPECT_EQ(compared, 26);
}

TEST(Resize, KeepsAnImageOfTheSameSize) {
  const Image image = noise(9, 13);
  EXPECT_EQ(resize(image, 9, 13).pixels, image.pixels);
  EXPECT_EQ(resize_bicubic(image, 9, 13).pixels, image.pixels);
}

TEST(Resize, KeepsAFlatImageFlat) {
  const Image flat{8, 8, Bytes(192, 77)};
  for (const auto& [h, w] : {std::pair(1, 1), {3, 5}, {8, 20}, {50, 2}})
    for (const ResizeFunction resize_by :
         {ResizeFunction(resize), ResizeFunction(resize_bicubic)}) {
      const ImageSource source(flat);
      EXPECT_EQ(resize_by(source, source.whole(), h, w).pixels, Bytes(3 * h * w, 77));
    }
}

// The 16 columns are alternately 0 and 255. Taking every fourth would give black; a mean gives
// gray.
TEST(Resize, AveragesFinePatternsWhenItShrinks) {
  Image stripes{16, 16, {}};
  for (int i = 0; i < 16 * 16; i++) stripes.pixels.insert(stripes.pixels.end(), 3, i % 2 ? 255 : 0);
  for (const std::uint8_t p : resize(stripes, 4, 4).pixels) EXPECT_NEAR(p, 127.5, 12);
}

// A row of 0, 100 becomes twice as long. The new centers are at -1/4, 1/4, 3/4 and 5/4, in units of
// the old distance.
TEST(Resize, InterpolatesWhenItGrows) {
  const Image out = resize({1, 2, {0, 0, 0, 100, 100, 100}}, 1, 4);
  EXPECT_EQ(out.pixels, (Bytes{0, 0, 0, 25, 25, 25, 75, 75, 75, 100, 100, 100}));
}

TEST(Resize, RefusesSizesBeyondTheLimits) {
  const Image image = noise(2, 2);
  for (const auto& [h, w] : {std::pair(0l, 1l),
                             {1l, 0l},
                             {-1l, 1l},
                             {65536l, 1l},
                             {65535l, 2731l},
                             {1l << 62, 1l << 62}})
    EXPECT_THROW(resize(image, h, w), Error) << h;
}

TEST(Resize, ResizesTheShortSideAndKeepsTheAspectRatio) {
  const Image wide = resize_short_side(noise(10, 25), 4),
              tall = resize_short_side(noise(25, 10), 15);
  EXPECT_EQ(std::pair(wide.height, wide.width), std::pair(4l, 10l));
  EXPECT_EQ(std::pair(tall.height, tall.width), std::pair(37l, 15l));
}

TEST(Resize, ACropIsAWindowInsideTheImage) {
  const Image image = noise(5, 6), window = crop(image, 1, 2, 3, 4);
  for (long i = 0; i < 3; i++)
    for (long j = 0; j < 4 * 3; j++)
      EXPECT_EQ(window.pixels[i * 12 + j], image.pixels[(i + 1) * 18 + 2 * 3 + j]);
  EXPECT_EQ(center_crop(image, 3, 2).pixels, crop(image, 1, 2, 3, 2).pixels);
  for (const auto& [top, left, h, w] : std::vector<std::array<long, 4>>{
           {-1, 0, 1, 1}, {0, -1, 1, 1}, {3, 0, 3, 1}, {0, 3, 1, 4}, {0, 0, 0, 1}})
    EXPECT_THROW(crop(image, top, left, h, w), Error) << top << " " << left;
}

}  // namespace
}  // namespace excite
