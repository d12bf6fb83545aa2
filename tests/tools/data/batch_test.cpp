#include "tools/data/batch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/check.h"
#include "core/parallel.h"
#include "tests/compare.h"

namespace excite {
namespace {

Dataset two_pictures() {
  Dataset set;
  set.classes = {"a", "b"};
  set.labels = {0, 1};
  for (long i = 0; i < 2 * 32 * 32 * 3; i++) set.pixels.push_back(static_cast<std::uint8_t>(i * 7 % 251));
  return set;
}

TEST(Batch, WithoutAugmentationIsTheNormalisedPicture) {
  const Dataset set = two_pictures();
  const Normalisation n = measure(set);
  const Batch batch = make_batch(set, {1, 0}, n, {}, 5, 6);
  EXPECT_EQ(batch.labels, (std::vector<int>{1, 0}));
  for (std::size_t i = 0; i < 3072; i++)
    EXPECT_NEAR(static_cast<double>(batch.x[static_cast<long>(i)]), (set.pixels[3072 + i] / 255.0 - n.mean[i % 3]) / n.deviation[i % 3], 1e-6);
}

TEST(Batch, IsTheSameOnAnyNumberOfThreadsAndOtherInAnotherEpoch) {
  const Dataset set = two_pictures();
  const Normalisation n = measure(set);
  const auto make = [&](int t, long epoch) {
    set_threads(t);
    return make_batch(set, {0, 1, 0, 1}, n, parse_augmentation("crop,flip,cutout"), 1, epoch);
  };
  const Batch one = make(1, 0);
  for (const int t : {2, 3, 7}) EXPECT_TRUE(std::equal(one.x.begin(), one.x.end(), make(t, 0).x.begin()));
  EXPECT_FALSE(std::equal(one.x.begin(), one.x.end(), make(2, 1).x.begin()));
}

TEST(Batch, OfAPictureThatIsNotThereSaysHowManyThereAre) {
  Dataset set = two_pictures();
  set.source = "the drawer";
  const Normalisation n = measure(set);
  for (const long missing : {-1l, 2l})
    EXPECT_TRUE(fails_saying([&] { make_batch(set, {0, missing}, n, {}, 0, 0); },
                             {text("picture ", missing, " was asked for"), "the drawer has 2, from 0 on"}));
}

TEST(Batch, EveryEpochSeesEveryPictureOnce) {
  const std::vector<long> a = epoch_order(1000, 1, 0), b = epoch_order(1000, 1, 1);
  EXPECT_EQ(std::set<long>(a.begin(), a.end()).size(), 1000u);
  EXPECT_EQ(*std::max_element(a.begin(), a.end()), 999);
  EXPECT_NE(a, b);
}

TEST(Batch, AMisspeltAugmentationSaysTheNearest) {
  try {
    parse_augmentation("crop,flap");
    FAIL();
  } catch (const UsageError& e) {
    EXPECT_NE(std::string(e.what()).find("flip"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace excite
