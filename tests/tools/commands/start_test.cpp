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

}  // namespace
}  // namespace excite
