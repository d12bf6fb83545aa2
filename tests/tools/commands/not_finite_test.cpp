// Weights with NaN or infinity, and finite ones that overflow: every command that uses weights ends
// with exit code 4 and names the first tensor or operation, and no output file is written.
#include <gtest/gtest.h>

#include "core/text.h"
#include "models/interop/weights.h"
#include "models/zoo/registry.h"
#include "tests/support/child.h"
#include "tests/support/compare.h"
#include "tests/support/image_folder.h"
#include "tests/support/nan_weights.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

struct NotFinite : testing::Test {
  ScratchFolder folder;
  const std::string weights = folder / "w.safetensors", data = folder / "data",
                    image = data + "/test/ant/0.png", tensors = folder / "in.safetensors",
                    out = folder / "out.safetensors";
  const Preprocessing preprocessing{
      {"ant", "bee", "cat"}, {0.4, 0.5, 0.6}, {0.2, 0.25, 0.3}, 32, 32};
  const Model model = [] {
    Rng rng(5);
    return make_model("se_resnet8", {}, 3, rng);
  }();

  NotFinite() {
    save();
    for (const char* name : {"ant", "bee", "cat"})
      for (const char* part : {"train", "test"})
        for (long i = 0; i < 2; i++)
          put_image(data + "/" + part + "/" + name + text("/", i, ".png"), noise_image(32, 32, i));
    write_input(1);
  }
  void save() { save_tensors(weights, describe(model, preprocessing), state_of(model.module())); }
  void write_input(real value) {
    const Tensor input = full({2, 3, 32, 32}, value);
    write_safetensors(tensors, {}, {{"input", &input}, {"target", Integers{{2}, {0, 1}}}});
  }
  // Commands that only read weights and those that compute with them.
  std::vector<std::vector<std::string>> computing() const {
    return {{"evaluate", "--weights", weights, "--data", data},
            {"evaluate", "--weights", weights, "--data", data, "--json"},
            {"evaluate", "--weights", weights, "--data", data, "--csv", out},
            {"predict", "--weights", weights, image},
            {"predict", "--weights", weights, image, "--json"},
            {"predict", "--weights", weights, image, "--csv", out},
            {"predict", "--weights", weights, "--crops", "10", image},
            {"predict", "--weights", weights, "--tensors", tensors, "--out", out},
            {"backward", "--weights", weights, "--tensors", tensors, "--out", out}};
  }
  std::vector<std::vector<std::string>> loading() const {
    std::vector<std::vector<std::string>> all = computing();
    const std::string run = folder / "run";
    all.push_back({"convert", weights, out, "--to", "excite"});
    all.push_back({"summary", "--weights", weights});
    for (const char* more : {"--strict", "--new-head"})
      all.push_back(
          {"train", "--weights", weights, "--data", data, "--batch", "2", "--out", run, more});
    return all;
  }
};

TEST_F(NotFinite, EveryCommandThatLoadsWeightsNamesTheFirstTensor) {
  put_nan(weights, "layer1.0.bn1.running_var", 1);
  put_nan(weights, "layer2.0.conv1.weight", 1);
  for (const std::vector<std::string>& command : loading()) {
    SCOPED_TRACE(join(command, " "));
    expect_failure(excite_program(command), 4,
                   {"w.safetensors: tensor layer1.0.bn1.running_var [16] has numbers that are not "
                    "finite"});
    EXPECT_FALSE(std::filesystem::exists(out));
    EXPECT_FALSE(std::filesystem::exists(folder / "run"));
  }
}

TEST_F(NotFinite, ATensorOfAnEnsembleIsNamedWithItsFile) {
  const std::string second = folder / "second.safetensors";
  std::filesystem::copy_file(weights, second);
  put_nan(second, "fc.bias", 1);
  expect_failure(excite_program({"predict", "--weights", weights, "--weights", second, image}), 4,
                 {"second.safetensors: tensor fc.bias [3]"});
}

TEST_F(NotFinite, FiniteWeightsThatOverflowAreNamedByTheirOperation) {
  const real large = in_double_build ? real(1e300) : real(1e35f);
  for (const Module::Entry& e : model.module().state())
    if (e.name == "conv1.weight" || e.name == "bn1.weight" || e.name == "fc.weight")
      for (real& v : e.var->value) v = large;
  save();
  for (const std::vector<std::string>& command : computing()) {
    SCOPED_TRACE(join(command, " "));
    expect_failure(excite_program(command), 4, {"first non-finite result: the ", "value of "});
    EXPECT_FALSE(std::filesystem::exists(out));
  }
}

TEST_F(NotFinite, AnInputTensorIsRefused) {
  write_input(std::numeric_limits<real>::infinity());
  for (const char* command : {"predict", "backward"})
    expect_failure(
        excite_program({command, "--weights", weights, "--tensors", tensors, "--out", out}), 3,
        {"in.safetensors: tensor 'input' [2, 3, 32, 32] has numbers that are not finite"});
}

}  // namespace
}  // namespace excite
