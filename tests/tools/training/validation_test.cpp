// What a run chooses by its validation images, and that it chooses nothing by its test images.
#include <algorithm>

#include "tests/tools/training/short_runs.h"

namespace excite {
namespace {

TEST(Validation, ShuffledTestLabelsLeaveTheBestWeightsByteIdentical) {
  const ScratchFolder folder;
  DataSplit shuffled = small_data();
  std::rotate(shuffled.test.labels.begin(), shuffled.test.labels.begin() + 5,
              shuffled.test.labels.end());
  const Recipe recipe = short_recipe(4);
  ASSERT_EQ(train_in(folder / "run", recipe, never), 0);
  ASSERT_EQ(train_in(folder / "shuffled", recipe, never, shuffled), 0);
  for (const char* file : {"/best.safetensors", "/last.safetensors"})
    EXPECT_TRUE(get(folder / "run" + file) == get(folder / "shuffled" + file)) << file;
  const auto test = [&](const char* run) {
    return read_log(folder / run + "/log.csv").back().test;
  };
  EXPECT_NE(test("run")->loss, test("shuffled")->loss);
}

// 18 images of ten classes: a tenth of them is 2.
TEST(Validation, IsSplitOffTheTrainingImagesUnlessThereShallBeNone) {
  DataSplit data = small_data();
  data.validation = {};
  Recipe recipe = short_recipe(1);
  recipe.batch = 16;
  const Training split(recipe, data);
  expect_contains(split.summary(), "16 training, 2 validation, 12 test images");
  recipe.validation = 0;
  const Training whole(recipe, data);
  expect_contains(whole.summary(), "18 training, 12 test images");
  recipe.limit = 1;
  recipe.validation = 4;
  const Training limited(recipe, data);
  expect_contains(limited.summary(), "1 training, 1 validation, 1 test images");
}

// At this rate the accuracy soon stays the same.
TEST(Validation, EndsARunWhosePatienceIsOverAlsoAfterAStop) {
  const ScratchFolder folder;
  Recipe recipe = short_recipe(9);
  recipe.lr = 1e-6;
  recipe.patience = 2;
  ASSERT_EQ(train_in(folder / "run", recipe, never), 0);
  const std::vector<EpochRow> log = read_log(folder / "run/log.csv");
  EXPECT_LT(log.size(), 9u);
  EXPECT_EQ(epochs_without_progress(log, 0), 2);
  int code = 130;
  for (int starts = 0; code == 130 && starts < 50; starts++)
    code = train_in(folder / "stopped", recipe, stop_at(steps_per_epoch + evaluation_batches + 1));
  expect_same_run(folder / "stopped", folder / "run");
}

TEST(Validation, TheWeightsOfTheLastEpochsAreKept) {
  const ScratchFolder folder;
  const RunFolder run = RunFolder::create(folder / "run");
  Training training(short_recipe(4), small_data());
  training.keep_epochs(2);
  ASSERT_EQ(training.run(run), 0);
  for (const long epoch : {1, 2, 3, 4})
    EXPECT_EQ(std::filesystem::exists(run.epoch(epoch)), epoch > 2) << epoch;
  const SafetensorsFile kept(run.epoch(4)), last(run.last());
  for (const std::string& name : kept.names())
    EXPECT_TRUE(same_bits(kept.read(name), last.read(name))) << name;
}

TEST(Validation, WithoutItThereIsNoBestEpoch) {
  const ScratchFolder folder;
  Recipe recipe = short_recipe(2);
  recipe.validation = 0;
  ASSERT_EQ(train_in(folder / "run", recipe, never), 0);
  EXPECT_FALSE(std::filesystem::exists(folder / "run/best.safetensors"));
  EXPECT_FALSE(read_log(folder / "run/log.csv").back().validation);
  EXPECT_TRUE(read_log(folder / "run/log.csv").back().test);
}

TEST(Validation, IsEnoughWhereThereAreNoTestImages) {
  const ScratchFolder folder;
  DataSplit data = small_data();
  data.test = {};
  ASSERT_EQ(train_in(folder / "run", short_recipe(2), never, data), 0);
  EXPECT_TRUE(std::filesystem::exists(folder / "run/best.safetensors"));
  EXPECT_FALSE(read_log(folder / "run/log.csv").back().test);
}

}  // namespace
}  // namespace excite
