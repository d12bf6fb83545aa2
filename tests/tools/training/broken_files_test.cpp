// Training images that cannot be decoded: they never end a run, and what happens to them depends on
// nothing but the files.
#include "models/zoo/registry.h"
#include "tests/support/errors.h"
#include "tests/support/image_folder.h"
#include "tests/tools/training/short_runs.h"
#include "tools/data/folder.h"

namespace excite {
namespace {

// Images of side x side pixels, an equal number of two classes.
struct BrokenFiles : testing::Test {
  ScratchFolder folder;
  const std::string data = folder / "data";
  std::string file(const char* part, long i) const {
    return data + text("/", part, "/class ", i % 2, "/", 100 + i, ".png");
  }
  void put_images(long side, long train = 12) {
    for (long i = 0; i < train; i++) put_image(file("train", i), noise_image(side, side, i));
    for (long i = 0; i < 4; i++) put_image(file("test", i), noise_image(side, side, i));
  }
  // The header stays intact, so the damage is found only by decoding.
  void damage(long i) const {
    std::string bytes = get(file("train", i));
    bytes[bytes.size() - 20] ^= 1;
    put(file("train", i), bytes);
  }
  DataSplit load() const { return load_folder(data, OnBadImage::skip); }
  static Recipe recipe(long batch, long side) {
    Recipe r = short_recipe(2);
    r.batch = batch, r.image_size = side, r.augment = "none", r.validation = 0;
    return r;
  }
};

TEST_F(BrokenFiles, ThatAreFoundWhileMeasuringAreLeftOutFromTheStart) {
  put_images(8);
  for (const long i : {1, 4, 5}) damage(i);
  const Training training(recipe(4, 8), load());
  EXPECT_EQ(training.steps_per_epoch(), 2);  // of 9 images
  expect_contains(training.summary(), "9 training, 4 test images");
  Dataset expected = load().train;
  for (const long i : {5, 4, 1}) {
    expected.files.erase(expected.files.begin() + i);
    expected.labels.erase(expected.labels.begin() + i);
  }
  const Dataset left = leave_out(load().train, {1, 4, 5});
  EXPECT_EQ(left.files, expected.files);
  EXPECT_EQ(left.labels, expected.labels);
  const DataSplit in_memory = {resized(expected, 8), resized(load().test, 8)};
  EXPECT_EQ(leave_out(resized(expected, 8), {0, 8}).pixels,
            std::vector<std::uint8_t>(in_memory.train.pixels.begin() + 192,
                                      in_memory.train.pixels.end() - 192));
}

TEST_F(BrokenFiles, LowerABatchThatIsLargerThanWhatIsLeft) {
  put_images(8);
  damage(3);
  const Training training(recipe(12, 8), load());
  EXPECT_EQ(training.recipe().batch, 11);
  EXPECT_EQ(training.batch_line(), "batch: 12 is lowered to 11, the number of training images\n");
  EXPECT_EQ(Training(recipe(4, 8), load()).batch_line(), "");
}

// Their damage is found when the step takes them.
TEST_F(BrokenFiles, SkipAStepWhoseBatchHasNoImageAndChangeNothing) {
  put_images(8);
  const DataSplit split = load();
  const Recipe r = recipe(2, 8);
  Rng rng(1);
  const Model model = make_model(r, 2);
  const Normalization normalization = compute_normalization(split.train);
  const std::vector<long> order = epoch_order(12, r.seed, 0);
  for (const long i : {order[2], order[3]}) damage(i);
  TrainingStep step(r, model, split.train, normalization);
  EXPECT_FALSE(step(0).skipped);
  std::vector<Tensor> before;
  for (const Module::Entry& e : model.module().state()) before.push_back(e.var->value.clone());
  const StepResult result = step(1);
  EXPECT_TRUE(result.skipped);
  EXPECT_EQ(result.images, 0);
  for (std::size_t i = 0; i < before.size(); i++)
    EXPECT_TRUE(same_bits(model.module().state()[i].var->value, before[i]));
  EXPECT_FALSE(step(2).skipped);
}

// With images of 4x4 pixels the last batch norm of se_resnet8 sees one value per channel and image.
TEST_F(BrokenFiles, SkipAStepOfOneImageOnlyIfItCannotBeNormalized) {
  for (const long side : {4, 8}) {
    put_images(side);
    const DataSplit split = load();
    const Recipe r = recipe(2, side);
    const Model model = make_model(r, 2);
    const Normalization normalization = compute_normalization(split.train);
    damage(epoch_order(12, r.seed, 0)[0]);
    TrainingStep step(r, model, split.train, normalization);
    const StepResult result = step(0);
    EXPECT_EQ(result.skipped, side == 4) << side;
    EXPECT_EQ(result.images, side == 4 ? 0 : 1) << side;
  }
}

TEST_F(BrokenFiles, AreCountedAndGiveTheSameBitsAfterAStop) {
  put_images(8);
  const Recipe r = recipe(2, 8);
  std::vector<std::string> printed;
  const auto trained = [&](const std::string& path, const std::function<int()>& stop) {
    for (long i = 0; i < 12; i++) put_image(file("train", i), noise_image(8, 8, i));
    Training training(r, load(), {.stop = stop, .print = [&](const std::string& line) {
                                    printed.push_back(line);
                                  }});
    const RunFolder run =
        std::filesystem::exists(path) ? RunFolder::open(path) : RunFolder::create(path);
    if (std::filesystem::exists(run.last())) training.resume_from(run.last());
    const std::vector<long> order = epoch_order(12, r.seed, 0);
    for (const long i : {order[2], order[3], order[4]}) damage(i);
    return training.run(run);
  };
  ASSERT_EQ(trained(folder / "whole", never), 0);
  expect_contains(printed.front(), "epoch 1: skipped 1 step of 6");
  printed.clear();
  ASSERT_EQ(trained(folder / "stopped", stop_at(4)), 130);
  ASSERT_EQ(trained(folder / "stopped", never), 0);
  expect_contains(printed.front(), "epoch 1: skipped 1 step of 6");
  expect_same_run(folder / "stopped", folder / "whole");
}

TEST_F(BrokenFiles, EndARunIfNoneIsLeft) {
  put_images(8);
  for (long i = 0; i < 12; i++) damage(i);
  EXPECT_TRUE(fails_saying<FileError>([&] { Training(recipe(2, 8), load()); },
                                      {"none of its images could be decoded"}));
}

}  // namespace
}  // namespace excite
