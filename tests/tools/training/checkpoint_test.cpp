#include "tools/training/checkpoint.h"

#include <cmath>

#include "models/zoo/registry.h"
#include "tests/support/compare.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

struct Checkpoint : testing::Test {
  const ScratchFolder folder;
  const std::string path = folder / "last.safetensors";
  Recipe recipe;
  Tensor w = full({3}, real(1.5)), v = full({2, 2}, 7);
  const NamedTensors state{{"w", &w}, {"optimizer.v", &v}};
  // After the third step of the second epoch, in a run of four epochs of five steps.
  const Position position{1, 8, {3, 23, 11, 1.0 / 3, std::sqrt(2.0)}, 0.1 + 0.2, 0.7};

  Metadata metadata() const {
    Rng rng(0);
    return run_metadata(recipe, make_model("se_resnet8", {}, 2, rng),
                        {{"cat", "dog"}, {1.0 / 3, 0, 0}, {1, 1, 1}});
  }
  Position load() { return load_checkpoint(path, metadata(), 4, 5, state); }
};

TEST_F(Checkpoint, PositionAndTensorsComeBackWithTheSameBits) {
  save_checkpoint(path, metadata(), 4, 5, position, state);
  w = zeros({3});
  v = zeros({2, 2});
  const Position p = load();
  EXPECT_EQ(p.epoch, 1);
  EXPECT_EQ(p.step, 8);
  EXPECT_EQ(p.sums.steps, 3);
  EXPECT_EQ(p.sums.images, 23);
  EXPECT_EQ(p.sums.correct, 11);
  EXPECT_EQ(p.sums.loss, position.sums.loss);
  EXPECT_EQ(p.sums.gradient_norm, position.sums.gradient_norm);
  EXPECT_EQ(p.accuracy, position.accuracy);
  EXPECT_EQ(p.best_accuracy, position.best_accuracy);
  EXPECT_TRUE(same_bits(w, full({3}, real(1.5))));
  EXPECT_TRUE(same_bits(v, full({2, 2}, 7)));
}

TEST_F(Checkpoint, ContainsNoTimeHostThreadsOrPath) {
  Position between_epochs{1, 5, {}, 0, 0};
  save_checkpoint(path, metadata(), 4, 5, between_epochs, state);
  const Metadata found = SafetensorsFile(path).metadata();
  std::vector<std::string> keys;
  for (const auto& [key, value] : found) keys.push_back(key);
  EXPECT_EQ(keys,
            (std::vector<std::string>{"classes", "deviation", "excite_format", "image_size", "mean",
                                      "model", "options", "position", "recipe", "short_side"}));
  expect_contains(found.at("recipe"), "\"seed\":0");
  expect_contains(found.at("recipe"), "\"schedule\":\"one-cycle\"");
  EXPECT_EQ(found.at("recipe").find("thread"), std::string::npos);
  const std::string first = get(path);
  save_checkpoint(path, metadata(), 4, 5, between_epochs, state);
  EXPECT_EQ(get(path), first);
}

TEST_F(Checkpoint, OfAnotherRunIsRefusedAndLoadsNothing) {
  save_checkpoint(path, metadata(), 4, 5, position, state);
  recipe.seed = 1;
  w = zeros({3});
  EXPECT_TRUE(fails_saying<FileError>([&] { load(); }, {path, "not a checkpoint of this run",
                                                        "recipe", "\"seed\":0", "\"seed\":1"}));
  EXPECT_TRUE(same_bits(w, zeros({3})));
}

const Position impossible[] = {
    {5, 25, {}, 0, 0},          {1, 4, {}, 0, 0},         {1, 11, {6, 0, 0, 0}, 0, 0},
    {1, 8, {2, 0, 0, 0}, 0, 0}, {1, 9, {}, 0, 0},         {4, 21, {1, 0, 0, 0}, 0, 0},
    {-1, -5, {}, 0, 0},         {1l << 62, 20, {}, 0, 0}, {2, 1l << 62, {}, 0, 0}};

TEST_F(Checkpoint, IsNotSavedWithAPositionThatCannotBeLoaded) {
  for (const Position& wrong : impossible)
    EXPECT_TRUE(fails_saying([&] { save_checkpoint(path, metadata(), 4, 5, wrong, state); },
                             {path, "not saved: impossible position", "4 epochs of 5 steps"}))
        << wrong.epoch << " " << wrong.step;
  Position nan = position;
  nan.sums.loss = std::nan("");
  EXPECT_TRUE(fails_saying([&] { save_checkpoint(path, metadata(), 4, 5, nan, state); },
                           {"not saved", "loss and gradient norm that are finite"}));
  EXPECT_TRUE(folder.files().empty());
}

TEST_F(Checkpoint, IsNotSavedWithNumbersThatAreNotFinite) {
  save_checkpoint(path, metadata(), 4, 5, position, state);
  const std::string good = get(path);
  v[3] = static_cast<real>(std::nan(""));
  EXPECT_TRUE(
      fails_saying([&] { save_checkpoint(path, metadata(), 4, 5, position, state); },
                   {path, "not saved: optimizer.v [2, 2] has numbers that are not finite"}));
  EXPECT_EQ(get(path), good);
}

// As a file by another program may contain it.
std::string json_of(const Position& p) {
  return text("{\"epoch\":", p.epoch, ",\"step\":", p.step, ",\"accuracy\":", p.accuracy,
              ",\"best_accuracy\":", p.best_accuracy, ",\"running_steps\":", p.sums.steps,
              ",\"running_images\":", p.sums.images, ",\"running_correct\":", p.sums.correct,
              ",\"running_loss\":", p.sums.loss,
              ",\"running_gradient_norm\":", p.sums.gradient_norm, "}");
}

TEST_F(Checkpoint, AnImpossiblePositionIsRefused) {
  Metadata with_position = metadata();
  with_position["position"] = json_of(position);
  save_tensors(path, with_position, state);
  EXPECT_NO_THROW(load());
  for (const Position& wrong : impossible) {
    with_position["position"] = json_of(wrong);
    save_tensors(path, with_position, state);
    EXPECT_TRUE(fails_saying<FileError>([&] { load(); }, {path, "4 epochs of 5 steps"}))
        << wrong.epoch << " " << wrong.step;
  }
  Metadata other = metadata();
  other["position"] = "{}";
  save_tensors(path, other, state);
  EXPECT_TRUE(
      fails_saying<FileError>([&] { load(); }, {path, "no valid position in the training run"}));
}

TEST_F(Checkpoint, TruncatedAnywhereItIsRefused) {
  save_checkpoint(path, metadata(), 4, 5, position, state);
  const std::string whole = get(path);
  for (std::size_t length = 0; length < whole.size(); length += 37) {
    put(path, whole.substr(0, length));
    EXPECT_TRUE(fails_saying<FileError>([&] { load(); }, {path})) << length;
  }
  std::string changed = whole;
  changed.back() ^= 1;
  put(path, changed);
  EXPECT_TRUE(fails_saying<FileError>([&] { load(); }, {path}));
}

}  // namespace
}  // namespace excite
