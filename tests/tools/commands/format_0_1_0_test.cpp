// Files of excite 0.1.0 (format 1): their weights are read, their runs are not resumed.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/images/image.h"
#include "models/interop/weights.h"
#include "tests/support/child.h"
#include "tests/support/compare.h"
#include "tests/support/image_folder.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

// A run of one epoch of small_resnet on the built-in images, written by excite 0.1.0.
const std::string old_run = "tests/golden/run-0.1.0", old_weights = old_run + "/last.safetensors";

struct Format010 : testing::Test {
  const ScratchFolder folder;
};

TEST_F(Format010, IsWhatTheFileHas) {
  const SafetensorsFile file(old_weights);
  EXPECT_FALSE(file.metadata().contains("excite_format"));
  EXPECT_TRUE(file.metadata().contains("picture_size"));
  EXPECT_EQ(format_of(file), 1);
}

TEST_F(Format010, EvaluateReadsTheWeightsAndFindsTheAccuracyOfTheLog) {
  const Ending ending =
      excite_program({"evaluate", "--weights", old_weights, "--limit", "128", "--json"});
  ASSERT_EQ(ending.code, 0) << ending.err;
  const nlohmann::json json = nlohmann::json::parse(ending.out);
  EXPECT_EQ(json["images"], 128);
  EXPECT_NEAR(json["top1"].get<double>(), 0.085938, 1e-6);  // log.csv
  EXPECT_NEAR(json["loss"].get<double>(), 2.348260, 1e-4);
}

TEST_F(Format010, PredictReadsTheWeights) {
  write_png(folder / "a.png", noise_image(32, 32, 1));
  const Ending ending =
      excite_program({"predict", "--weights", old_weights, "--top", "1", folder / "a.png"});
  EXPECT_EQ(ending.code, 0) << ending.err;
  EXPECT_EQ(ending.err, "");
  expect_contains(ending.out, "a.png\n");
}

TEST_F(Format010, ConvertWritesTheSameTensorsInThePresentFormat) {
  const std::string out = folder / "new.safetensors";
  const Ending ending = excite_program({"convert", old_weights, out, "--to", "excite"});
  ASSERT_EQ(ending.code, 0) << ending.err;
  const SafetensorsFile before(old_weights), after(out);
  EXPECT_EQ(format_of(after), file_format);
  EXPECT_EQ(after.metadata().at("image_size"), "32");
  EXPECT_EQ(after.metadata().at("classes"), before.metadata().at("classes"));
  for (const std::string& name : after.names())
    EXPECT_TRUE(same_bits(after.read(name), before.read(name))) << name;
}

TEST_F(Format010, TrainStartsFromTheWeights) {
  const Ending ending =
      excite_program({"train", "--weights", old_weights, "--limit", "128", "--epochs", "1", "--lr",
                      "1e-30", "--weight-decay", "0", "--out", folder / "run"});
  ASSERT_EQ(ending.code, 0) << ending.err;
  const SafetensorsFile before(old_weights), after(folder / "run/last.safetensors");
  EXPECT_EQ(after.metadata().at("model"), "small_resnet");
  EXPECT_TRUE(same_bits(after.read("conv1.weight"), before.read("conv1.weight")));
}

TEST_F(Format010, ResumingIsRefusedAndSaysHowToGoOn) {
  const std::string run = folder / "run";
  std::filesystem::copy(old_run, run);
  const std::string weights = get(run + "/last.safetensors");
  expect_failure(excite_program({"train", "--resume", "--out", run}), 2,
                 {"excite: train: the run", "0.1.0", "0.2.0",
                  "excite train --weights " + run + "/last.safetensors"});
  EXPECT_TRUE(get(run + "/last.safetensors") == weights);
}

}  // namespace
}  // namespace excite
