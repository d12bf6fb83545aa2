#include "tools/data/normalization.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/image_folder.h"
#include "tests/support/scratch.h"
#include "tests/support/training_images.h"
#include "tools/data/folder.h"

namespace excite {
namespace {

// Images of one row, whose pixels have the given bytes in red, their doubles in green, and 255 less
// them in blue.
Dataset images_of(const std::vector<std::vector<int>>& rows) {
  Dataset set;
  set.source = "a test";
  set.height = 1;
  set.width = static_cast<long>(rows[0].size());
  set.classes = {"a", "b"};
  for (const std::vector<int>& row : rows) {
    set.labels.push_back(static_cast<int>(set.labels.size() % 2));
    for (const int byte : row)
      for (const int v : {byte, 2 * byte, 255 - byte})
        set.pixels.push_back(static_cast<std::uint8_t>(v));
  }
  return set;
}

// The bytes 0, 51, 102 and 51 are 0, 0.2, 0.4 and 0.2. Their mean is 0.2, and their squared
// distances from it sum to 0.08. Divided by 4 - 1, the square root is 0.16330.
TEST(Normalization, IsTheMeanAndTheUnbiasedDeviationByHand) {
  const Normalization n = compute_normalization(images_of({{0, 51}, {102, 51}}));
  const double deviation = std::sqrt(0.08 / 3);
  EXPECT_NEAR(n.mean[0], 0.2, 1e-15);
  EXPECT_NEAR(n.mean[1], 0.4, 1e-15);
  EXPECT_NEAR(n.mean[2], 0.8, 1e-15);
  EXPECT_NEAR(n.deviation[0], deviation, 1e-15);
  EXPECT_NEAR(n.deviation[1], 2 * deviation, 1e-15);
  EXPECT_NEAR(n.deviation[2], deviation, 1e-15);
}

TEST(Normalization, OfFilesIsThatOfTheImages) {
  const ScratchFolder folder;
  const Dataset set = noisy_images(20, 2);
  put_as_folder(set, folder / "train");
  put_as_folder(set, folder / "test");
  const Normalization n = compute_normalization(set),
                      of_files =
                          compute_normalization(load_folder(folder.path(), OnBadImage::fail).train);
  EXPECT_EQ(of_files.mean, n.mean);
  EXPECT_EQ(of_files.deviation, n.deviation);
}

// Of more than 2,000 files, 2,000 at equal distances are read: of 4,000, every other one. Here
// these are black and white by turns, and those between them gray.
TEST(Normalization, OfManyFilesIsThatOfEvenlySpacedOnes) {
  const ScratchFolder folder;
  put_image(folder / "black", {1, 1, {0, 0, 0}});
  put_image(folder / "white", {1, 1, {255, 255, 255}});
  put_image(folder / "gray", {1, 1, {100, 100, 100}});
  for (const char* part : {"train/a", "test/a"}) std::filesystem::create_directories(folder / part);
  std::filesystem::create_hard_link(folder / "gray", folder / "test/a/0.png");
  for (long i = 0; i < 4000; i++)
    std::filesystem::create_hard_link(folder / (i % 2 == 1   ? "gray"
                                                : i % 4 == 0 ? "black"
                                                             : "white"),
                                      folder / ("train/a/" + std::to_string(10'000 + i) + ".png"));
  const Dataset set = load_folder(folder.path(), OnBadImage::fail).train;
  ASSERT_EQ(set.count(), 4000);
  const Normalization n = compute_normalization(set);
  for (std::size_t c = 0; c < 3; c++) {
    EXPECT_NEAR(n.mean[c], 0.5, 1e-12);
    EXPECT_NEAR(n.deviation[c], std::sqrt(2000 * 0.25 / 1999), 1e-12);
  }
}

}  // namespace
}  // namespace excite
