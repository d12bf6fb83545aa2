// train --weights and --new-head: the weights with which training starts.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "models/interop/weights.h"
#include "models/zoo/registry.h"
#include "tests/support/child.h"
#include "tests/support/compare.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

Ending outcome_of(const std::string& words) { return excite_program(split(words, ' ')); }

// The steps are too small to change a float, so only the running statistics differ at the end.
const std::string without_change =
    "train --limit 32 --batch 16 --epochs 1 --lr 1e-30 --weight-decay 0 ";

struct TrainStart : testing::Test {
  const ScratchFolder folder;
  const std::string weights = folder / "w.safetensors";

  Model saved(long classes) const {
    Rng rng(11);
    Model model = make_model("se_resnet8", {}, classes, rng);
    for (const Module::Entry& e : model.module().state())
      if (e.var.shape().rank() == 1)
        e.var->value = uniform(e.var.shape(), rng, real(0.5),
                               1);  // a weight of 0 would change even in the smallest step
    save_tensors(weights, {}, state_of(model.module()));
    return model;
  }
  std::string trained(const std::string& words, const std::string& name) const {
    const Ending ended = outcome_of(without_change + words + " --out " + (folder / name));
    EXPECT_EQ(ended.code, 0) << ended.err;
    return folder / name;
  }
};

TEST_F(TrainStart, TakesWeightsAndModelFromAFile) {
  const Model model = saved(10);
  const std::string run = trained("--weights " + weights, "run");
  const SafetensorsFile before(weights), after(run + "/last.safetensors");
  for (const Module::Entry& e : model.module().state())
    if (e.kind != Module::Kind::buffer) {
      EXPECT_TRUE(same_bits(after.read(e.name), before.read(e.name))) << e.name;
    }
  EXPECT_EQ(after.metadata().at("model"), "se_resnet8");
}

TEST_F(TrainStart, WithNewHeadInitializesOnlyTheClassifier) {
  const Model model = saved(7);
  const SafetensorsFile start(weights);
  const SafetensorsFile drawn(trained("--model se_resnet8 --seed 3", "drawn") +
                              "/last.safetensors");
  const SafetensorsFile after(trained("--seed 3 --new-head --weights " + weights, "run") +
                              "/last.safetensors");
  for (const Module::Entry& e : model.module().state())
    if (e.kind != Module::Kind::buffer) {
      EXPECT_TRUE(
          same_bits(after.read(e.name), (e.name.starts_with("fc.") ? drawn : start).read(e.name)))
          << e.name;
    }
}

// Before the first save a run consists of its config.json only.
TEST_F(TrainStart, ResumingBeforeTheFirstSaveStartsFromTheSameWeights) {
  saved(7);
  const std::string run = folder / "run",
                    begin = "train --limit 32 --batch 16 --epochs 2 --new-head --weights " +
                            weights + " --out ";
  ASSERT_EQ(outcome_of(begin + run).code, 0);
  const std::string whole = get(run + "/last.safetensors");
  for (const char* name : {"/last.safetensors", "/best.safetensors", "/log.csv"})
    std::filesystem::remove(run + name);
  const Ending ended = outcome_of("train --resume --out " + run);
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_TRUE(get(run + "/last.safetensors") == whole);
}

TEST_F(TrainStart, RefusesWeightsThatDoNotFitAndCreatesNoFolder) {
  saved(7);
  const std::string out = " --out " + (folder / "run");
  expect_failure(outcome_of(without_change + "--weights " + weights + out), 2,
                 {"has 7 classes", "not the 10 classes of the images", "--new-head loads all"});
  expect_failure(outcome_of(without_change + "--new-head" + out), 2,
                 {"--new-head needs --weights"});
  expect_failure(
      outcome_of(without_change + "--new-head --model resnet8 --weights " + weights + out), 3,
      {"its tensors are not those of resnet8", "unexpected: layer1.0.se.fc1.weight"});
  Rng rng(12);
  const Model listed = make_model("se_resnet20", {}, 10, rng);
  save_tensors(weights, {}, state_of(listed.module()));
  expect_failure(outcome_of(without_change + "--model resnet20 --weights " + weights + out), 3,
                 {"its tensors are not those of resnet20; they fit se_resnet20", "10 classes"});
  expect_failure(outcome_of(without_change + "--weights " + (folder / "none") + out), 3, {"none"});
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
}

// The images' own mean is not that of the weights, which saw others.
TEST(LongStart, KeepsTheNormalizationOfTheWeightsAndTakesASmallRate) {
  const ScratchFolder folder;
  ASSERT_EQ(
      outcome_of("train --model se_resnet8 --limit 32 --batch 16 --epochs 1 --mean 0.1,0.2,0.3 "
                 "--std 0.4,0.5,0.6 --out " +
                 (folder / "first"))
          .code,
      0);
  const std::string begin =
      "train --limit 32 --batch 16 --epochs 1 --weights " + (folder / "first/last.safetensors");
  const auto recipe_of = [&](const std::string& options, const std::string& name) {
    const Ending ended = outcome_of(begin + options + " --out " + (folder / name));
    EXPECT_EQ(ended.code, 0) << ended.err;
    return std::pair(nlohmann::json::parse(get(folder / (name + "/config.json"))).at("recipe"),
                     ended.out);
  };
  using Numbers = std::vector<double>;
  const auto [kept, said] = recipe_of("", "kept");
  EXPECT_EQ(kept.at("mean").get<Numbers>(), (Numbers{0.1, 0.2, 0.3}));
  EXPECT_EQ(kept.at("deviation").get<Numbers>(), (Numbers{0.4, 0.5, 0.6}));
  EXPECT_EQ(kept.at("lr"), 0.01);
  expect_contains(said,
                  "learning rate: at most 0.01, because the run starts from trained weights; --lr");
  expect_contains(
      said, "normalization: that of the weights, mean 0.1, 0.2, 0.3, deviation 0.4, 0.5, 0.6");
  EXPECT_EQ(SafetensorsFile(folder / "kept/last.safetensors").metadata().at("mean"),
            "[0.1,0.2,0.3]");
  EXPECT_EQ(recipe_of(" --new-head", "head").first.at("lr"), 0.02);
  EXPECT_EQ(recipe_of(" --optimizer adamw", "adamw").first.at("lr"), 5e-4);
  EXPECT_EQ(recipe_of(" --lr 0.5", "rate").first.at("lr"), 0.5);
  EXPECT_FALSE(recipe_of(" --normalize measure", "measured").first.contains("mean"));
  EXPECT_EQ(recipe_of(" --normalize imagenet", "imagenet").first.at("mean").get<Numbers>(),
            (Numbers{0.485, 0.456, 0.406}));
  const Ending resumed = outcome_of("train --resume --out " + (folder / "kept"));
  EXPECT_EQ(resumed.code, 0) << resumed.err;
}

TEST(Start, RefusesANormalizationThatCannotBe) {
  const ScratchFolder folder;
  const auto refused = [&](const std::string& options, const std::string& said) {
    expect_failure(outcome_of("train --out " + (folder / "run") + " " + options), 2, {said});
  };
  refused("--normalize keep", "--normalize keep needs --weights FILE");
  refused("--normalize keeep", "expected measure, keep or imagenet; the nearest is keep");
  refused("--mean 0.5,0.5,0.5", "--mean and --std are given together");
  refused("--mean 0.5,0.5 --std 1,1,1", "--mean 0.5,0.5: 2 numbers, expected three");
  refused("--mean 0,0,0 --std 1,1,0", "--std 0: expected a number above 0");
  refused("--normalize imagenet --mean 0,0,0 --std 1,1,1",
          "cannot be combined with --mean and --std");
}

}  // namespace
}  // namespace excite
