// --mean, --std, --resize-short and --crop, in place of what a file of weights says.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/text.h"
#include "models/interop/weights.h"
#include "models/zoo/registry.h"
#include "tests/support/child.h"
#include "tests/support/image_folder.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

struct PreprocessingOfWeights : testing::Test {
  const ScratchFolder folder;
  const std::string plain = folder / "plain.safetensors", other = folder / "other.safetensors",
                    image = folder / "image.png";
  const std::vector<std::string> options{"--mean", "0.1,0.2,0.3", "--std",          "0.4,0.5,0.6",
                                         "--crop", "24",          "--resize-short", "30"};
  PreprocessingOfWeights() {
    Rng rng(5);
    const Model model = make_model("se_resnet8", {}, 3, rng);
    const std::vector<std::string> classes{"ant", "bee", "cat"};
    save_tensors(plain, describe(model, {classes, {0.4, 0.5, 0.6}, {0.2, 0.25, 0.3}, 32, 32}),
                 state_of(model.module()));
    save_tensors(other, describe(model, {classes, {0.1, 0.2, 0.3}, {0.4, 0.5, 0.6}, 24, 30}),
                 state_of(model.module()));
    write_png(image, noise_image(50, 70, 1));
  }
  std::string run(std::vector<std::string> arguments, bool with_options) const {
    if (with_options) arguments.insert(arguments.end(), options.begin(), options.end());
    const Ending ended = excite_program(arguments);
    EXPECT_EQ(ended.code, 0) << ended.err;
    return ended.out;
  }
};

TEST_F(PreprocessingOfWeights, IsReplacedInPredict) {
  const auto predict = [&](const std::string& weights, bool with_options) {
    return run({"predict", "--json", "--weights", weights, image}, with_options);
  };
  EXPECT_EQ(predict(plain, true), predict(other, false));
  EXPECT_NE(predict(plain, false), predict(other, false));
}

TEST_F(PreprocessingOfWeights, IsWrittenByConvertAndExport) {
  run({"convert", plain, folder / "c.safetensors", "--to", "excite"}, true);
  const auto metadata = [](const std::string& path) { return SafetensorsFile(path).metadata(); };
  EXPECT_EQ(metadata(folder / "c.safetensors"), metadata(other));
  run({"export", "--weights", plain, "--out", folder / "a.onnx"}, true);
  run({"export", "--weights", other, "--out", folder / "b.onnx"}, false);
  EXPECT_TRUE(get(folder / "a.onnx") == get(folder / "b.onnx"));
}

TEST_F(PreprocessingOfWeights, OfOneSizeAloneIsCompleted) {
  const auto sizes = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words{"convert", plain, folder / "s.safetensors", "--to", "excite"};
    words.insert(words.end(), more.begin(), more.end());
    EXPECT_EQ(excite_program(words).code, 0);
    const Preprocessing p = describe(SafetensorsFile(folder / "s.safetensors")).preprocessing;
    return std::pair(p.image_size, p.short_side);
  };
  EXPECT_EQ(sizes({"--resize-short", "40"}), std::pair(32l, 40l));
  EXPECT_EQ(sizes({"--crop", "28"}), std::pair(28l, 28l));
  EXPECT_EQ(sizes({}), std::pair(32l, 32l));
}

TEST_F(PreprocessingOfWeights, ThatCannotBeUsedIsAnError) {
  for (const auto& [words, said] : std::vector<std::pair<std::string, std::string>>{
           {"--mean 0,0,0", "--mean and --std are given together"},
           {"--mean 0,0 --std 1,1,1", "--mean 0,0: 2 numbers, expected three"},
           {"--resize-short 20", "--resize-short 20: expected at least the side of the crop, 32"},
           {"--crop 0", "--crop 0: expected a whole number from 1 to 65535"}}) {
    std::vector<std::string> arguments{"predict", "--weights", plain, image};
    for (const std::string& word : split(words, ' ')) arguments.push_back(word);
    expect_failure(excite_program(arguments), 2, {said});
  }
}

TEST_F(PreprocessingOfWeights, OfARunHasItsShortSide) {
  for (const char* name : {"a", "b"})
    for (long i = 0; i < 4; i++)
      put_image(folder / "data/train/" + name + text("/", i, ".png"), noise_image(20, 20, i));
  const std::string words =
      "train --model se_resnet8 --image-size 16 --batch 4 --epochs 1 --data " + (folder / "data") +
      " --out " + (folder / "run") + " --resize-short ";
  expect_failure(excite_program(split(words + "12", ' ')), 2,
                 {"--resize-short 12: expected at least the side"});
  ASSERT_EQ(excite_program(split(words + "20", ' ')).code, 0);
  EXPECT_EQ(SafetensorsFile(folder / "run/last.safetensors").metadata().at("short_side"), "20");
  const auto config = nlohmann::json::parse(get(folder / "run/config.json"));
  EXPECT_EQ(config["recipe"]["short_side"], 20);
}

}  // namespace
}  // namespace excite
