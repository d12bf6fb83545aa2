// A data set made by hand: what is wrong with it is an error before an image is read.
#include "tools/data/dataset.h"

#include <functional>
#include <type_traits>

#include "tests/support/errors.h"
#include "tests/support/training_images.h"
#include "tools/data/image_batches.h"
#include "tools/training/step.h"

namespace excite {
namespace {

struct Mistake {
  std::function<void(Dataset&)> make;
  std::string sentence;
};

// Of 4 images of 2 classes, 32 x 32 pixels each.
std::vector<Mistake> mistakes() {
  return {{[](Dataset& d) { d.pixels.resize(5); },
           "a test: 4 labels and images of 32 x 32 pixels, but 5 bytes of pixels, expected "
           "[4, 32, 32, 3], which is 12288"},
          {[](Dataset& d) { d.pixels.push_back(0); }, "but 12289 bytes of pixels"},
          {[](Dataset& d) { d.height = 0; }, "images of 0 x 32 pixels"},
          {[](Dataset& d) { d.width = -1; }, "images of 32 x -1 pixels"},
          {[](Dataset& d) { d.labels[3] = 7; },
           "a test: label 3 is 7, expected 0 to 1, one of the 2 classes"},
          {[](Dataset& d) { d.labels[1] = -1; }, "label 1 is -1, expected 0 to 1"},
          {[](Dataset& d) { d.classes.clear(), d.labels[1] = -1; },
           "label 1 is -1, expected at least 0"},
          {[](Dataset& d) { d.files = {"a.png"}; },
           "a test: 1 file, 4 labels and 12288 bytes of pixels"},
          {[](Dataset& d) { d.source = "", d.pixels.clear(); }, "data set: 4 labels and images"}};
}

TEST(Dataset, ThatIsNotConsistentIsAnErrorWhereverItIsUsed) {
  Rng rng(0);
  const Model model = make_model("se_resnet8", {}, 2, rng);
  Recipe recipe;
  recipe.batch = 2;
  EXPECT_NO_THROW(noisy_images(4, 2).validate());
  for (const Mistake& mistake : mistakes()) {
    Dataset set = noisy_images(4, 2);
    mistake.make(set);
    EXPECT_TRUE(fails_saying([&] { set.validate(); }, {mistake.sentence}));
    EXPECT_TRUE(fails_saying([&] { ImageBatches(set, {}); }, {mistake.sentence}));
    EXPECT_TRUE(fails_saying([&] { to_tensors(set, {}); }, {mistake.sentence}));
    EXPECT_TRUE(fails_saying([&] { TrainingStep(recipe, model, set, {}); }, {mistake.sentence}));
  }
}

// The snippet of tools/data/README.md.
TEST(Dataset, OfImagesOfOnesOwn) {
  std::vector<Image> images(4, Image{32, 32, std::vector<std::uint8_t>(32 * 32 * 3, 9)});
  images[1].pixels.assign(32 * 32 * 3, 200);
  Dataset own;
  own.classes = {"cat", "dog"};
  own.height = own.width = 32;
  for (const Image& image : images) {
    own.pixels.insert(own.pixels.end(), image.pixels.begin(), image.pixels.end());
    own.labels.push_back(0);
  }
  const ImageBatches batches(own, compute_normalization(own), {.batch = 2});
  EXPECT_EQ(batches.batches_per_epoch(), 2);
  const auto [x, labels] = *batches.in_order().begin();
  EXPECT_EQ(x.shape(), (Shape{2, 32, 32, 3}));
  EXPECT_LT(x->value[0], x->value[32 * 32 * 3]) << "9 is darker than 200";
}

TEST(Dataset, WithoutNamesOfClassesMayHaveAnyLabel) {
  Dataset set = noisy_images(4, 2);
  set.classes.clear();
  set.labels[0] = 1000;
  EXPECT_NO_THROW(set.validate());
}

TEST(Dataset, WithTooFewPixelsGivesNoImage) {
  Dataset set = noisy_images(4, 2);
  set.pixels.resize(3 * set.image_bytes() + 1);
  EXPECT_TRUE(fails_saying([&] { set.image(3); }, {"but 9217 bytes of pixels"}));
}

TEST(TrainingStep, RefusesALabelThatTheModelDoesNotHave) {
  Rng rng(0);
  const Model model = make_model("se_resnet8", {}, 2, rng);
  Recipe recipe;
  recipe.batch = 2;
  const Dataset set = noisy_images(6, 3);
  EXPECT_TRUE(fails_saying([&] { TrainingStep(recipe, model, set, {}); },
                           {"train: label 2 is 2, but the model has 2 classes, expected 0 to 1"}));
}

// These keep a reference, so the data set needs a name.
TEST(Dataset, CannotBeATemporaryWhereItIsNeededLater) {
  static_assert(std::is_constructible_v<ImageBatches, const Dataset&, Normalization>);
  static_assert(!std::is_constructible_v<ImageBatches, Dataset, Normalization>);
  static_assert(!std::is_constructible_v<ImageBatches, Dataset, Normalization, BatchOptions>);
  static_assert(
      std::is_constructible_v<TrainingStep, Recipe, Model, const Dataset&, Normalization>);
  static_assert(!std::is_constructible_v<TrainingStep, Recipe, Model, Dataset, Normalization>);
  static_assert(!std::is_constructible_v<Prefetch, Dataset, std::vector<long>, ImageTransform>);
}

template <class Batches>
concept HasEpoch = requires(Batches batches) {
  std::forward<Batches>(batches).epoch(0);
};
template <class Batches>
concept HasInOrder = requires(Batches batches) {
  std::forward<Batches>(batches).in_order();
};

// In a range-based for, a temporary that is not the range itself ends before the first batch.
TEST(ImageBatches, AreNoTemporaryWhereTheirEpochIsTaken) {
  static_assert(HasEpoch<const ImageBatches&> && HasInOrder<const ImageBatches&>);
  static_assert(!HasEpoch<ImageBatches> && !HasInOrder<ImageBatches>);
}

}  // namespace
}  // namespace excite
