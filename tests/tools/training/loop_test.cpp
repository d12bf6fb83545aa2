#include "tools/training/loop.h"

#include <cmath>

#include "core/files/atomic_file.h"
#include "core/files/json.h"
#include "core/parallel.h"
#include "tests/support/image_folder.h"
#include "tests/tools/training/short_runs.h"

namespace excite {
namespace {

TEST(Training, StoppedAtAnyPointItResumesToTheSameBits) {
  const ScratchFolder folder;
  const Recipe recipe = short_recipe(2);
  ASSERT_EQ(train_in(folder / "whole", recipe, never), 0);
  // In each epoch: before each step, and after each batch of the evaluation.
  constexpr int calls_per_epoch = steps_per_epoch + evaluation_batches, calls = 2 * calls_per_epoch;
  for (int k = 1; k <= calls; k++) {
    const std::string path = folder / text("stopped-", k);
    ASSERT_EQ(train_in(path, recipe, stop_at(k)), 130);
    ASSERT_EQ(train_in(path, recipe, never), 0);
    expect_same_run(path, folder / "whole");
  }
  ASSERT_EQ(train_in(folder / "never", recipe, stop_at(calls + 1)), 0);
}

TEST(Training, StoppedManyTimesItResumesToTheSameBits) {
  const ScratchFolder folder;
  const Recipe recipe = short_recipe(2, "adamw");
  ASSERT_EQ(train_in(folder / "whole", recipe, never), 0);
  int code = 130;
  for (int starts = 0; code == 130 && starts < 50; starts++)
    code = train_in(folder / "stopped", recipe, stop_at(3));
  EXPECT_EQ(code, 130);  // each time two steps, and then an evaluation that needs four calls
  ASSERT_EQ(train_in(folder / "stopped", recipe, never), 0);
  expect_same_run(folder / "stopped", folder / "whole");
}

TEST(Training, GivesTheSameBitsOnAnyNumberOfThreads) {
  const ScratchFolder folder;
  Recipe recipe = short_recipe(1);
  recipe.batch = 18;  // more images than there are shards
  const int before = threads();
  for (const int count : {1, 2, 3, 7}) {
    set_threads(count);
    ASSERT_EQ(train_in(folder / std::to_string(count), recipe, never), 0);
    expect_same_run(folder / std::to_string(count), folder / "1");
  }
  set_threads(before);
}

// Image files of any size are decoded in the background.
TEST(Training, OnImageFilesGivesTheSameBitsOnAnyNumberOfThreadsAndAfterAStop) {
  const ScratchFolder folder;
  for (long i = 0; i < 24; i++)
    put_image(
        folder / text("data/", i < 18 ? "train" : "test", "/class ", i % 2, "/", 100 + i, ".png"),
        noise_image(30 + i, 40, i));
  const DataSplit data = load_data(folder / "data");
  Recipe recipe = short_recipe(2);
  recipe.augment.clear();
  const int before = threads();
  set_threads(1);
  ASSERT_EQ(train_in(folder / "whole", recipe, never, data), 0);
  for (const int count : {2, 7}) {
    set_threads(count);
    ASSERT_EQ(train_in(folder / std::to_string(count), recipe, stop_at(1 + count), data), 130);
    ASSERT_EQ(train_in(folder / std::to_string(count), recipe, never, data), 0);
    expect_same_run(folder / std::to_string(count), folder / "whole");
  }
  set_threads(before);
  const Metadata metadata = SafetensorsFile(folder / "whole/last.safetensors").metadata();
  EXPECT_EQ(metadata.at("image_size"), "32");
  EXPECT_EQ(metadata.at("short_side"), "37");
  EXPECT_EQ(JsonObject(metadata.at("recipe"), "recipe").get<std::string>("augment"),
            "resized-crop,flip");
}

TEST(Training, ImageSizeResizesTheImages) {
  const ScratchFolder folder;
  Recipe recipe = short_recipe(1);
  recipe.image_size = 40;
  ASSERT_EQ(train_in(folder / "run", recipe, never), 0);
  EXPECT_EQ(SafetensorsFile(folder / "run/last.safetensors").metadata().at("image_size"), "40");
  EXPECT_EQ(load_model(SafetensorsFile(folder / "run/last.safetensors")).preprocessing.short_side,
            40);
  recipe.image_size = 32;
  ASSERT_EQ(train_in(folder / "small", recipe, never), 0);
  const auto stem = [&](const char* run) {
    return SafetensorsFile(folder / run + "/last.safetensors").read("conv1.weight");
  };
  EXPECT_FALSE(same_bits(stem("run"), stem("small"))) << "the images were the same";
}

// A damaged file makes its batch smaller.
TEST(Training, AccuracyIsAFractionOfTheImagesThatCouldBeDecoded) {
  const ScratchFolder folder;
  put_as_folder(noisy_images(8, 2), folder / "data/train");
  put_as_folder(noisy_images(8, 2), folder / "data/test");
  const std::string damaged = folder / "data/train/class 0/1000.png";
  std::string bytes = get(damaged);
  bytes[bytes.size() - 20] ^= 1;
  put(damaged, bytes);
  testing::internal::CaptureStderr();
  Recipe recipe = short_recipe(1);
  recipe.validation = 0;
  ASSERT_EQ(train_in(folder / "run", recipe, never, load_data(folder / "data")), 0);
  testing::internal::GetCapturedStderr();
  const double correct = 7 * std::stod(split(split(get(folder / "run/log.csv"), '\n')[1], ',')[2]);
  EXPECT_GT(correct, 0.5);
  EXPECT_NEAR(correct, std::round(correct), 1e-3);
}

TEST(Training, AnotherSeedGivesAnotherRun) {
  const ScratchFolder folder;
  Recipe recipe = short_recipe(1);
  train_in(folder / "0", recipe, never);
  recipe.seed = 1;
  train_in(folder / "1", recipe, never);
  EXPECT_NE(log_without_time(folder / "0/log.csv"), log_without_time(folder / "1/log.csv"));
}

TEST(Training, AStepFunctionPerformsTheStepsAndPrints) {
  const ScratchFolder folder;
  const Recipe recipe = short_recipe(1);
  ASSERT_EQ(train_in(folder / "whole", recipe, never), 0);
  const RunFolder run = RunFolder::create(folder / "run");
  std::vector<long> steps;
  std::string printed;
  Training training(recipe, small_data(),
                    {.print = [&](const std::string& line) { printed += line + "\n"; }});
  training.set_step_function([&](TrainingStep& training_step, long step, const PrintLine& print) {
    steps.push_back(step);
    print(text("step ", step));
    return training_step(step);
  });
  const int code = training.run(run);
  EXPECT_EQ(code, 0);
  EXPECT_EQ(training.total_steps(), steps_per_epoch);
  EXPECT_EQ(steps, (std::vector<long>{0, 1}));
  expect_contains(printed, "step 0\nstep 1\nepoch 1/1");
  expect_same_run(run.path(), folder / "whole");
}

TEST(Training, AFailedSaveLeavesTheLastCheckpointAndTheRunResumesFromIt) {
  const ScratchFolder folder;
  const Recipe recipe = short_recipe(2);
  train_in(folder / "whole", recipe, never);
  const std::string path = folder / "failed", last = path + "/last.safetensors";
  int renames = 0;
  save_calls.rename = [&](const char* from, const char* to) {
    if (to == last && ++renames == 2) return errno = ENOSPC, -1;
    return ::rename(from, to);
  };
  EXPECT_TRUE(
      fails_saying<FileError>([&] { train_in(path, recipe, never); }, {last, "No space left"}));
  save_calls = {};
  EXPECT_EQ(load_model(SafetensorsFile(last)).model.name, "se_resnet8");
  ASSERT_EQ(train_in(path, recipe, never), 0);
  expect_same_run(path, folder / "whole");
}

// The weight decay is so large that each step changes the sign of a weight and makes it larger:
// w - lr decay w. Some epochs still finish.
TEST(Training, DivergingLeavesTheLastGoodCheckpoint) {
  const ScratchFolder folder;
  Recipe recipe = short_recipe(9);
  recipe.warmup = recipe.momentum = 0;
  recipe.lr = 0.1;
  recipe.decay = "weights";
  recipe.weight_decay = in_double_build ? 1e16 : 1e3;
  EXPECT_TRUE(fails_saying<Diverged>([&] { train_in(folder / "bad", recipe, never); },
                                     {"diverged in epoch ", "step ", "at learning rate 0.0"}));
  const std::string last = folder / "bad/last.safetensors";
  const JsonObject position(SafetensorsFile(last).metadata().at("position"), last);
  const long epoch = position.get<long>("epoch");
  ASSERT_GE(epoch, 1);
  const int calls = static_cast<int>(epoch * (steps_per_epoch + evaluation_batches)) +
                    1;  // stops as the next epoch begins
  ASSERT_EQ(train_in(folder / "good", recipe, stop_at(calls)), 130);
  EXPECT_TRUE(get(last) == get(folder / "good/last.safetensors"));
}

}  // namespace
}  // namespace excite
