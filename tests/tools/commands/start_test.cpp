// train --weights and --new-head: where a training begins.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "models/interop/weights.h"
#include "tests/support/child.h"
#include "tests/support/compare.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

Ending outcome_of(const std::string& words) { return excite_program(split(words, ' ')); }

// Steps so small that a float does not feel them: what comes out is what it began with, but for the
// running statistics.
const std::string still = "train --limit 32 --batch 16 --epochs 1 --lr 1e-30 --weight-decay 0 ";

struct TrainStart : testing::Test {
  const ScratchFolder folder;
  const std::string weights = folder / "w.safetensors";

  Model saved(long classes) const {
    Rng rng(11);
    Model model = make_model("se_resnet8", {}, classes, rng);
    for (const Module::Entry& e : model.module.state())
      if (e.var.shape().rank() == 1)
        e.var->value = uniform(e.var.shape(), rng, real(0.5),
                               1);  // nowhere 0, which would feel the smallest step
    save_tensors(weights, {}, state_of(model.module));
    return model;
  }
  std::string trained(const std::string& words, const std::string& name) const {
    const Ending ended = outcome_of(still + words + " --out " + (folder / name));
    EXPECT_EQ(ended.code, 0) << ended.err;
    return folder / name;
  }
};

TEST_F(TrainStart, BeginsWithTheWeightsAndTheModelOfAFile) {
  const Model model = saved(10);
  const std::string run = trained("--weights " + weights, "run");
  const SafetensorsFile before(weights), after(run + "/last.safetensors");
  for (const Module::Entry& e : model.module.state())
    if (e.kind != Module::Kind::buffer) {
      EXPECT_TRUE(same_bits(after.read(e.name), before.read(e.name))) << e.name;
    }
  EXPECT_EQ(after.metadata().at("model"), "se_resnet8");
}

TEST_F(TrainStart, WithANewHeadTheClassifierIsDrawnAndAllElseIsTheFiles) {
  const Model model = saved(7);
  const SafetensorsFile start(weights);
  const SafetensorsFile drawn(trained("--model se_resnet8 --seed 3", "drawn") +
                              "/last.safetensors");
  const SafetensorsFile after(trained("--seed 3 --new-head --weights " + weights, "run") +
                              "/last.safetensors");
  for (const Module::Entry& e : model.module.state())
    if (e.kind != Module::Kind::buffer) {
      EXPECT_TRUE(
          same_bits(after.read(e.name), (e.name.starts_with("fc.") ? drawn : start).read(e.name)))
          << e.name;
    }
}

// Before the first save all there is of a run is its config.json.
TEST_F(TrainStart, ARunThatIsContinuedBeforeItsFirstSaveBeginsWithTheSameWeights) {
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

TEST_F(TrainStart, SaysWhatDoesNotGoTogetherAndMakesNoFolder) {
  saved(7);
  const std::string out = " --out " + (folder / "run");
  expect_failure(outcome_of(still + "--weights " + weights + out), 2,
                 {"tells apart 7 classes", "not the 10 of the images", "--new-head keeps all"});
  expect_failure(outcome_of(still + "--new-head" + out), 2, {"--new-head needs --weights"});
  expect_failure(outcome_of(still + "--new-head --model resnet8 --weights " + weights + out), 3,
                 {"its tensors are not those of resnet8", "too many: layer1.0.se.fc1.bias"});
  expect_failure(outcome_of(still + "--weights " + (folder / "none") + out), 3, {"none"});
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
}

}  // namespace
}  // namespace excite
