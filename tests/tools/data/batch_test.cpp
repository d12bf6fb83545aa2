#include "tools/data/batch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/check.h"
#include "core/parallel.h"
#include "tests/support/compare.h"
#include "tests/support/training_images.h"

namespace excite {
namespace {

Dataset two_images() {
  Dataset set;
  set.classes = {"a", "b"};
  set.labels = {0, 1};
  for (long i = 0; i < 2 * 32 * 32 * 3; i++)
    set.pixels.push_back(static_cast<std::uint8_t>(i * 7 % 251));
  return set;
}

TEST(Batch, WithoutAugmentationIsTheNormalizedImage) {
  const Dataset set = two_images();
  const Normalization n = compute_normalization(set);
  const Batch batch = make_batch(set, {1, 0}, n, {}, 5, 6);
  EXPECT_EQ(batch.labels, (std::vector<int>{1, 0}));
  for (std::size_t i = 0; i < 3072; i++)
    EXPECT_NEAR(static_cast<double>(batch.x[static_cast<long>(i)]),
                (set.pixels[3072 + i] / 255.0 - n.mean[i % 3]) / n.deviation[i % 3], 1e-6);
}

// Maps each byte to the same number.
NormalizationTable identity_table() {
  return normalization_table({{0, 0, 0}, {1 / 255.0, 1 / 255.0, 1 / 255.0}});
}

// An image with the rows 1 2 3 and 4 5 6, the same in each channel, after the transform.
std::vector<real> transformed(const RandomTransform& t) {
  const std::vector<std::uint8_t> rows{1, 2, 3, 4, 5, 6};
  Image image{2, 3, {}};
  for (const std::uint8_t byte : rows) image.pixels.insert(image.pixels.end(), 3, byte);
  std::vector<real> x(18), first(6);
  apply_transform(image, t, identity_table(), x.data());
  for (std::size_t i = 0; i < 6; i++) {
    EXPECT_TRUE(x[3 * i] == x[3 * i + 1] && x[3 * i] == x[3 * i + 2]);
    first[i] = std::round(x[3 * i] * 1000) / 1000;
  }
  return first;
}

TEST(Batch, TransformsAnImageAsTheChapterDoesByHand) {
  EXPECT_EQ(transformed({}), (std::vector<real>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(transformed({.down = 1, .right = -1, .flipped = true}),
            (std::vector<real>{5, 4, 5, 2, 1, 2}));
  EXPECT_EQ(transformed({.down = 1, .right = -1, .black = true, .flipped = true}),
            (std::vector<real>{5, 4, 0, 0, 0, 0}));
  EXPECT_EQ(transformed({.cut_top = 0, .cut_left = 1, .cut_side = 2}),
            (std::vector<real>{1, 0, 0, 4, 0, 0}));
}

// Four pixels beyond each edge; the edge pixel itself is not repeated. A smaller image repeats its
// last pixel.
TEST(Batch, MirrorsAnImageAtItsEdges) {
  Image image{1, 6, {}};
  for (std::uint8_t byte = 10; byte < 16; byte++) image.pixels.insert(image.pixels.end(), 3, byte);
  const auto row = [&](long right) {
    std::vector<real> x(18), first;
    apply_transform(image, {.down = 4, .right = right}, identity_table(), x.data());
    for (std::size_t i = 0; i < 6; i++) first.push_back(std::round(x[3 * i] * 1000) / 1000);
    return first;
  };
  EXPECT_EQ(row(-4), (std::vector<real>{14, 13, 12, 11, 10, 11}));
  EXPECT_EQ(row(4), (std::vector<real>{14, 15, 14, 13, 12, 11}));
  image = {1, 2, {10, 10, 10, 11, 11, 11}};
  std::vector<real> x(6);
  apply_transform(image, {.right = -4}, identity_table(), x.data());
  for (const real number : x) EXPECT_NEAR(static_cast<double>(number), 10, 1e-4);
}

TEST(Batch, DrawsEveryTransformInRangeAndNoOther) {
  Rng rng(0);
  std::set<long> down, right, top, left;
  long flipped = 0;
  for (int i = 0; i < 2000; i++) {
    const RandomTransform t = draw_transform(32, 32, parse_augmentation("crop,flip,cutout"), rng);
    down.insert(t.down), right.insert(t.right), top.insert(t.cut_top), left.insert(t.cut_left);
    flipped += t.flipped;
    EXPECT_EQ(t.cut_side, 8);
    EXPECT_FALSE(t.black);
  }
  for (const auto& drawn : {down, right})
    EXPECT_TRUE(drawn.size() == 9 && *drawn.begin() == -4 && *drawn.rbegin() == 4);
  for (const auto& drawn : {top, left})
    EXPECT_TRUE(drawn.size() == 25 && *drawn.begin() == 0 && *drawn.rbegin() == 24);
  EXPECT_NEAR(static_cast<double>(flipped), 1000, 100);
  Rng mirrored(1), black(1);
  const RandomTransform m = draw_transform(32, 32, parse_augmentation("crop"), mirrored);
  const RandomTransform b = draw_transform(32, 32, parse_augmentation("black-crop"), black);
  EXPECT_TRUE(b.black && b.down == m.down && b.right == m.right);
  const RandomTransform none = draw_transform(32, 32, parse_augmentation("none"), rng);
  EXPECT_TRUE(none.down == 0 && none.right == 0 && !none.flipped && none.cut_side == 0);
}

TEST(Batch, ChangesAnImageBeforeItIsShifted) {
  const Dataset set = two_images();
  const Augmentation both = parse_augmentation("trivial-augment,crop"),
                     crop = parse_augmentation("crop");
  long changed = 0;
  for (long epoch = 0; epoch < 8; epoch++) {
    Rng rng(5, epoch, 1l, 6l);  // seed, epoch, image, and the stream of changes
    const std::vector<ImageChange> changes = draw_changes(32, 32, both, rng);
    ASSERT_EQ(changes.size(), 1u);
    Dataset by_hand = set;
    const Image image = apply_change(set.image(1), changes[0]);
    std::ranges::copy(image.pixels, by_hand.pixels.begin() + 3072);
    const Tensor expected = make_batch(by_hand, {1}, {}, crop, 5, epoch).x,
                 x = make_batch(set, {1}, {}, both, 5, epoch).x;
    for (long i = 0; i < x.size(); i++) ASSERT_EQ(x[i], expected[i]) << epoch;
    changed += image.pixels != set.image(1).pixels;
  }
  EXPECT_GE(changed, 4);
}

TEST(Batch, DrawsTheChangesThatAreAskedFor) {
  const auto count = [](const char* words) {
    Rng rng(1);
    return draw_changes(32, 32, parse_augmentation(words), rng).size();
  };
  EXPECT_EQ(count("crop,flip"), 0u);
  EXPECT_EQ(count("trivial-augment"), 1u);
  EXPECT_EQ(count("rand-augment"), 2u);
  EXPECT_EQ(count("color-jitter"), 3u);
  EXPECT_EQ(count("rand-augment,color-jitter=0.1"), 5u);
  EXPECT_EQ(parse_augmentation("rand-augment=20").magnitude, 20);
  for (long seed = 0; seed < 5; seed++) {
    Rng a(seed), b(seed);
    const auto drawn = draw_changes(32, 32, parse_augmentation("rand-augment=20"), a),
               expected = draw_rand_augment(20, 32, 32, b);
    for (std::size_t i = 0; i < 2; i++) EXPECT_EQ(drawn[i].magnitude, expected[i].magnitude);
  }
  EXPECT_EQ(parse_augmentation("color-jitter=0.25").jitter, 0.25);
  for (const auto& [words, said] : std::vector<std::pair<std::string, std::string>>{
           {"rand-augment=31", "expected a whole number from 0 to 30 after =, the magnitude"},
           {"color-jitter=2", "expected a number from 0.01 to 1 after ="},
           {"trivial-augment=3", "expected none, or a list of"},
           {"rand-augment,trivial-augment", "expected only one of rand-augment and trivial"}})
    EXPECT_TRUE(fails_saying<UsageError>([text = words] { parse_augmentation(text); }, {said}))
        << words;
}

TEST(Batch, CutoutOfATooSmallImageIsAnError) {
  Rng rng(0);
  EXPECT_TRUE(fails_saying([&] { draw_transform(2, 40, parse_augmentation("cutout"), rng); },
                           {"augmentation cutout: it erases 8 x 8 pixels, but an image has 2 x 40",
                            "leave cutout out"}));
}

TEST(Normalization, ThatIsNotGivenLeavesPixelsFromZeroToOne) {
  const NormalizationTable table = normalization_table({});
  for (std::size_t byte = 0; byte < 256; byte++)
    EXPECT_EQ(table[2][byte], static_cast<real>(static_cast<double>(byte) / 255));
}

TEST(Normalization, RefusesADeviationThatIsNotAboveZero) {
  EXPECT_TRUE(fails_saying(
      [] {
        normalization_table({{0, 0, 0}, {1, 0, 1}});
      },
      {"normalization: channel 1 has mean 0 and deviation 0, expected finite "
       "numbers and a deviation above 0"}));
  EXPECT_TRUE(fails_saying(
      [] {
        normalization_table({{0, 0, std::nan("")}, {1, 1, 1}});
      },
      {"channel 2 has mean nan"}));
}

TEST(Batch, IsTheSameOnAnyNumberOfThreadsAndDifferentInAnotherEpoch) {
  const Dataset set = two_images();
  const Normalization n = compute_normalization(set);
  const auto make = [&](int count, long epoch) {
    set_threads(count);
    return make_batch(set, {0, 1, 0, 1}, n, parse_augmentation("crop,flip,cutout"), 1, epoch);
  };
  const Batch one = make(1, 0);
  for (const int count : {2, 3, 7})
    EXPECT_TRUE(std::equal(one.x.begin(), one.x.end(), make(count, 0).x.begin()));
  EXPECT_FALSE(std::equal(one.x.begin(), one.x.end(), make(2, 1).x.begin()));
}

TEST(Batch, AMissingIndexIsAnErrorThatSaysHowManyImagesThereAre) {
  Dataset set = two_images();
  set.source = "the drawer";
  const Normalization n = compute_normalization(set);
  for (const long missing : {-1l, 2l})
    EXPECT_TRUE(fails_saying(
        [&] {
          make_batch(set, {0, missing}, n, {}, 0, 0);
        },
        {"the drawer: ", text("there is no image ", missing), "it has 2 images"}));
}

TEST(Batch, EpochOrderContainsEveryImageOnce) {
  const std::vector<long> a = epoch_order(1000, 1, 0), b = epoch_order(1000, 1, 1);
  EXPECT_EQ(std::set<long>(a.begin(), a.end()).size(), 1000u);
  EXPECT_EQ(*std::max_element(a.begin(), a.end()), 999);
  EXPECT_NE(a, b);
}

TEST(Batch, AMisspelledAugmentationSuggestsTheClosestMatch) {
  try {
    parse_augmentation("crop,flap");
    FAIL();
  } catch (const UsageError& e) {
    EXPECT_NE(std::string(e.what()).find("flip"), std::string::npos) << e.what();
  }
}

// All orders of four images are equally likely: 24 orders, each expected 500 times, with a
// deviation of 22. (Sattolo's shuffle, with below(i) for below(i + 1), gives the 6 cycles alone.)
TEST(Batch, EveryOrderOfAnEpochIsEquallyLikely) {
  std::map<std::vector<long>, long> count;
  for (long seed = 0; seed < 100; seed++)
    for (long epoch = 0; epoch < 120; epoch++) count[epoch_order(4, seed, epoch)]++;
  EXPECT_EQ(count.size(), 24u);
  for (const auto& [order, times] : count)
    EXPECT_NEAR(static_cast<double>(times), 500, 5 * 22)
        << order[0] << " " << order[1] << " " << order[2] << " " << order[3];
}

// One image in 200 epochs: 81 shifts and a flip, and each epoch draws its own. Another image of the
// same epoch and another seed have theirs.
TEST(Batch, TheSameImageIsTransformedAnewInEachEpoch) {
  Dataset set = noisy_images(1);
  set.pixels.insert(set.pixels.end(), set.pixels.begin(), set.pixels.begin() + set.image_bytes());
  set.labels.push_back(0);
  const auto make = [&](long index, long seed, long epoch) {
    const Tensor x = make_batch(set, {index}, {}, parse_augmentation("crop,flip"), seed, epoch).x;
    return std::vector<real>(x.begin(), x.end());
  };
  std::set<std::vector<real>> seen;
  long same_as_other_image = 0, same_as_other_seed = 0, same_as_next_epoch = 0;
  for (long epoch = 0; epoch < 200; epoch++) {
    const std::vector<real> x = make(0, 1, epoch);
    seen.insert(x);
    same_as_other_image += x == make(1, 1, epoch);
    same_as_other_seed += x == make(0, 2, epoch);
    same_as_next_epoch += x == make(0, 1, epoch + 1);
  }
  EXPECT_GT(seen.size(), 90u);
  for (const long same : {same_as_other_image, same_as_other_seed, same_as_next_epoch})
    EXPECT_LT(same, 12);
}

}  // namespace
}  // namespace excite
