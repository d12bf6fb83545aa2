// Mixup and CutMix, and the transforms of tools/data/augmentation.h that have parameters.
#include "tools/data/mixing.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/support/compare.h"
#include "tests/support/training_images.h"

namespace excite {
namespace {

// Two images of 2x2 pixels, with the numbers 1 and 5 everywhere.
Batch two_images() {
  Batch batch{full({2, 2, 2, 3}, 1), {0, 2}};
  std::fill_n(batch.x.data() + 12, 12, real(5));
  return batch;
}

TEST(Mixing, MixupIsTheWeightedMeanOfImagesAndTargets) {
  Batch batch = two_images();
  mix(batch, {.share = 0.75}, 3, 0);
  for (long i = 0; i < 12; i++) EXPECT_EQ(batch.x[i], 2) << i;   // 0.75 + 0.25 * 5
  for (long i = 12; i < 24; i++) EXPECT_EQ(batch.x[i], 4) << i;  // 0.75 * 5 + 0.25
  EXPECT_TRUE(close(batch.targets, tensor_of({2, 3}, {0.75, 0, 0.25, 0.25, 0, 0.75}), 1e-6));
}

TEST(Mixing, CutMixReplacesARectangleAndSmoothsTheTargets) {
  Batch batch = two_images();
  mix(batch, {.share = 0.75, .top = 1, .left = 1, .height = 1, .width = 1, .cuts = true}, 3, 0.3);
  for (long pixel = 0; pixel < 4; pixel++) {
    EXPECT_EQ(batch.x[3 * pixel], pixel == 3 ? 5 : 1);
    EXPECT_EQ(batch.x[12 + 3 * pixel], pixel == 3 ? 1 : 5);
  }
  EXPECT_TRUE(close(batch.targets,
                    tensor_of({2, 3}, {0.1 + 0.7 * 0.75, 0.1, 0.1 + 0.7 * 0.25,  //
                                       0.1 + 0.7 * 0.25, 0.1, 0.1 + 0.7 * 0.75}),
                    1e-6));
}

// Of the Beta distribution (a, a): mean 1/2, variance 1 / (4 (2 a + 1)).
TEST(Mixing, SharesHaveTheMomentsOfTheBetaDistribution) {
  for (const double alpha : {0.2, 0.5, 1.0}) {
    Rng rng(3);
    double sum = 0, squares = 0;
    constexpr int n = 20000;
    for (int i = 0; i < n; i++) {
      const double x = draw_beta(alpha, rng);
      sum += x, squares += (x - 0.5) * (x - 0.5);
    }
    EXPECT_NEAR(sum / n, 0.5, 0.01) << alpha;
    EXPECT_NEAR(squares / n, 1 / (4 * (2 * alpha + 1)), 0.003) << alpha;
  }
}

TEST(Mixing, TheShareOfCutMixIsTheAreaThatRemains) {
  Rng rng(1);
  long cut = 0, whole = 0;
  double area = 0;
  for (int i = 0; i < 500; i++) {
    const MixDraw d = draw_mix({.cutmix = 1}, 20, 30, rng);
    EXPECT_TRUE(d.cuts);
    EXPECT_TRUE(d.top >= 0 && d.left >= 0 && d.top + d.height <= 20 && d.left + d.width <= 30);
    EXPECT_DOUBLE_EQ(d.share, 1 - static_cast<double>(d.height * d.width) / 600);
    area += 1 - d.share;
    (draw_mix({.mixup = 0.2, .cutmix = 1}, 20, 30, rng).cuts ? cut : whole)++;
  }
  EXPECT_NEAR(area / 500, 0.35, 0.1);  // below 1/2, as rectangles are cut at the edges
  EXPECT_NEAR(static_cast<double>(cut), static_cast<double>(whole), 100);
}

TEST(Augmentation, ANumberSetsTheLargestShift) {
  Rng rng(0);
  std::map<long, int> down;
  for (int i = 0; i < 500; i++)
    down[draw_transform(32, 32, parse_augmentation("crop=2"), rng).down]++;
  EXPECT_EQ(down.size(), 5u);
  EXPECT_EQ(down.begin()->first, -2);
  EXPECT_TRUE(
      fails_saying<UsageError>([] { parse_augmentation("crop=0"); }, {"crop=0", "1 to 64"}));
  EXPECT_TRUE(
      fails_saying<UsageError>([] { parse_augmentation("flip=2"); }, {"flip=2", "list of"}));
  EXPECT_TRUE(fails_saying<UsageError>([] { parse_augmentation("flip,alternating-flip"); },
                                       {"only one of flip and alternating-flip"}));
}

TEST(Augmentation, ErasingHitsHalfOfTheImagesWithinItsLimits) {
  Rng rng(0);
  int erased = 0, tall = 0, wide = 0;
  std::map<long, int> tops, lefts;
  for (int i = 0; i < 2000; i++) {
    const RandomTransform t = draw_transform(32, 32, parse_augmentation("erase"), rng);
    if (t.erased_height == 0) continue;
    erased++;
    tall += t.erased_height > 2 * t.erased_width, wide += t.erased_width > 2 * t.erased_height;
    tops[t.erased_top]++, lefts[t.erased_left]++;
    const double area = static_cast<double>(t.erased_height * t.erased_width) / (32 * 32);
    EXPECT_TRUE(area > 0.015 && area < 0.345) << area;
    EXPECT_TRUE(t.erased_top + t.erased_height <= 32 && t.erased_left + t.erased_width <= 32);
  }
  EXPECT_NEAR(erased, 1000, 100);
  EXPECT_NEAR(tall, wide, 80);  // aspect ratios are even in their logarithm
  EXPECT_GT(tall, 150);
  EXPECT_GT(tops.size(), 20u);
  EXPECT_GT(lefts.size(), 20u);
  const Image image{2, 3, std::vector<std::uint8_t>(18, 255)};
  std::vector<real> x(18);
  apply_transform(image, {.erased_top = 1, .erased_left = 1, .erased_height = 1, .erased_width = 2},
                  normalization_table({}), x.data());
  for (std::size_t i = 0; i < 18; i++) EXPECT_EQ(x[i], i >= 12 ? 0 : 1) << i;
}

// Each image is flipped in every second epoch, and about half of them in the first one.
TEST(Augmentation, TheAlternatingFlipAlternates) {
  const Dataset set = noisy_images(60);
  std::vector<long> all(60);
  for (long i = 0; i < 60; i++) all[i] = i;
  const auto epoch = [&](long e) {
    return make_batch(set, all, {}, parse_augmentation("alternating-flip"), 7, e).x;
  };
  const Tensor plain = make_batch(set, all, {}, {}, 7, 0).x, first = epoch(0), second = epoch(1);
  EXPECT_TRUE(same_bits(epoch(2), first));
  long flipped = 0;
  for (long i = 0; i < 60; i++) {
    const long at = i * 32 * 32 * 3;
    const bool first_is_plain =
        std::equal(&plain.data()[at], &plain.data()[at + 3072], &first.data()[at]);
    const bool second_is_plain =
        std::equal(&plain.data()[at], &plain.data()[at + 3072], &second.data()[at]);
    EXPECT_NE(first_is_plain, second_is_plain) << i;
    flipped += second_is_plain;
  }
  EXPECT_NEAR(static_cast<double>(flipped), 30, 15);
}

}  // namespace
}  // namespace excite
