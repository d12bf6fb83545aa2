#include "tools/data/resize_crop.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "tests/support/compare.h"
#include "tests/support/image_folder.h"
#include "tools/data/batch.h"

namespace excite {
namespace {

TEST(ResizeCrop, IsTheCenterOfTheResizedImage) {
  const Image image = noise_image(40, 60, 1);
  EXPECT_EQ(resize_and_crop(image, {32, 37}).pixels,
            center_crop(resize(image, 37, 55), 32, 32).pixels);
  EXPECT_EQ(resize_and_crop(image, {32, 37, resize_bicubic}).pixels,
            center_crop(resize_bicubic(image, 37, 55), 32, 32).pixels);
  EXPECT_EQ(resize_and_crop(image, {}).pixels, image.pixels);
  EXPECT_EQ(resize_and_crop(noise_image(32, 32, 2), {32, 32}).pixels,
            noise_image(32, 32, 2).pixels);
  EXPECT_EQ(default_short_side(224), 256);
}

// Sides are rounded to whole pixels, which changes area and aspect ratio of a large window by less
// than a hundredth.
TEST(ResizeCrop, ARandomWindowLiesInsideAndKeepsAreaAndAspectRatioInRange) {
  constexpr long height = 800, width = 1000;
  double min_area = 1, max_area = 0, min_ratio = 9, max_ratio = 0, mean_row = 0;
  for (long i = 0; i < 3000; i++) {
    Rng rng(7, i);
    const Window w = random_resized_crop(height, width, rng);
    ASSERT_TRUE(w.top >= 0 && w.left >= 0 && w.height > 0 && w.width > 0 &&
                w.top + w.height <= height && w.left + w.width <= width)
        << i;
    const double area = static_cast<double>(w.height * w.width) / (height * width);
    const double ratio = static_cast<double>(w.width) / static_cast<double>(w.height);
    min_area = std::min(min_area, area), max_area = std::max(max_area, area);
    min_ratio = std::min(min_ratio, ratio), max_ratio = std::max(max_ratio, ratio);
    mean_row += static_cast<double>(2 * w.top + w.height) / height / 2 / 3000;
  }
  EXPECT_GE(min_area, 0.079);
  EXPECT_LT(min_area, 0.1);
  EXPECT_LE(max_area, 1);
  EXPECT_GT(max_area, 0.9);
  EXPECT_GE(min_ratio, 0.745);
  EXPECT_LT(min_ratio, 0.77);
  EXPECT_LE(max_ratio, 1.34);
  EXPECT_GT(max_ratio, 1.3);
  EXPECT_NEAR(mean_row, 0.5, 0.01);
}

// The area is uniform from 8 % to 100 %, and the logarithm of the ratio from -log 4/3 to log 4/3,
// where every such window fits into the image: below 3/4 of its area. (Inception's crops, arXiv
// 1409.4842, and torchvision's RandomResizedCrop.)
TEST(ResizeCrop, TheAreaOfARandomWindowAndTheLogarithmOfItsRatioAreUniform) {
  constexpr long side = 1000, count = 20'000;
  constexpr double least = 0.08, most = 0.72;
  std::array<long, 8> area{}, ratio{};  // of eight equal ranges
  long small = 0;
  for (long i = 0; i < count; i++) {
    Rng rng(11, i);
    const Window w = random_resized_crop(side, side, rng);
    const double a = static_cast<double>(w.height * w.width) / (side * side);
    if (a >= most) continue;
    small++;
    const double r = (std::log(static_cast<double>(w.width) / static_cast<double>(w.height)) /
                          std::log(4.0 / 3) +
                      1) /
                     2;
    area.at(static_cast<std::size_t>(std::clamp(8 * (a - least) / (most - least), 0.0, 7.0)))++;
    ratio.at(static_cast<std::size_t>(std::clamp(8 * r, 0.0, 7.0)))++;
  }
  const double expected = static_cast<double>(small) / 8, deviation = std::sqrt(expected);
  for (const auto& counts : {area, ratio})
    for (const long n : counts) EXPECT_NEAR(static_cast<double>(n), expected, 4.5 * deviation);
}

TEST(ResizeCrop, AVeryLongImageGetsAWindowInItsCenter) {
  Rng rng(1);
  const Window w = random_resized_crop(10, 4000, rng);
  EXPECT_EQ(w.height, 10);
  EXPECT_EQ(w.width, 13);
  EXPECT_EQ(w.left, (4000 - 13) / 2);
}

TEST(ResizeCrop, AnImageTooLongToResizeIsCroppedToItsCenterFirst) {
  const Image line = noise_image(1, 4000, 2);
  const Image middle = crop(line, 0, 1968, 1, 64);  // 64 x 256 = 16384, the longest side allowed
  const ResizeCrop resize_crop{224, 256};
  EXPECT_EQ(resize_and_crop(line, resize_crop).pixels, resize_and_crop(middle, resize_crop).pixels);
  const Normalization plain{{0, 0, 0}, {1, 1, 1}};
  for (const Crops crops : {Crops::center, Crops::ten})
    EXPECT_TRUE(same_bits(make_crops({line}, resize_crop, plain, crops),
                          make_crops({middle}, resize_crop, plain, crops)));
}

TEST(ResizeCrop, TenCropsAreCenterAndCornersAndTheirMirrorImages) {
  const Image image = noise_image(32, 48, 3);
  const Normalization plain{{0, 0, 0}, {1, 1, 1}};
  const Tensor x = make_crops({image, noise_image(32, 32, 4)}, {20, 32}, plain, Crops::ten);
  ASSERT_EQ(x.shape(), (Shape{20, 20, 20, 3}));
  const std::vector<std::pair<long, long>> corners{{6, 14}, {0, 0}, {0, 28}, {12, 0}, {12, 28}};
  for (long k = 0; k < 10; k++)
    for (long i = 0; i < 20; i++)
      for (long j = 0; j < 20; j++) {
        const auto [top, left] = corners[k % 5];
        const long column = left + (k < 5 ? j : 19 - j);
        const double expected = image.pixels[((top + i) * 48 + column) * 3 + 1] / 255.0;
        ASSERT_NEAR(static_cast<double>(x[((k * 2 * 20 + i) * 20 + j) * 3 + 1]), expected, 1e-6)
            << k << " " << i << " " << j;
      }
  EXPECT_EQ(make_crops({image}, {20, 32}, plain, Crops::center_and_flip).dim(0), 2);
  EXPECT_EQ(make_crops({image}, {20, 32}, plain, Crops::center).dim(0), 1);
}

}  // namespace
}  // namespace excite
