#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

const long bytes_per_number = program_precision() == "double" ? 8 : 4;

nlohmann::json summary_of(const std::vector<std::string>& arguments) {
  std::vector<std::string> all{"summary", "--json", "--model"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const Ending ending = excite_program(all);
  EXPECT_EQ(ending.code, 0) << ending.err;
  return nlohmann::json::parse(ending.out);
}

TEST(Summary, CountsTheMultiplyAddsOfThePapersModels) {
  EXPECT_EQ(summary_of({"resnet20"})["macs"], 40'813'184);
  EXPECT_EQ(summary_of({"se_resnet20"})["macs"], 40'815'200);
  EXPECT_EQ(summary_of({"resnet110"})["macs"], 253'149'824);
}

TEST(Summary, CountsTheParameters) {
  EXPECT_EQ(summary_of({"se_resnet20"})["parameters"], 274'847);
  EXPECT_EQ(summary_of({"se_resnet20", "--set", "se_bias=off"})["parameters"], 274'490);
  EXPECT_EQ(summary_of({"se_resnet20", "--classes", "100"})["parameters"], 274'847 + 90 * 65);
}

TEST(Summary, TotalsAreTheSumsOfTheLayers) {
  const nlohmann::json json = summary_of({"se_resnet32", "--set", "shortcut=A,reduction=4"});
  long parameters = 0, macs = 0, bytes = 0;
  for (const auto& layer : json["layers"]) {
    parameters += layer["parameters"].get<long>();
    macs += layer["macs"].get<long>();
    bytes += layer["bytes"].get<long>();
  }
  EXPECT_EQ(json["parameters"], parameters);
  EXPECT_EQ(json["macs"], macs);
  EXPECT_EQ(json["activation_bytes"], bytes);
}

TEST(Summary, ShowsEachOperationWithItsLayer) {
  const nlohmann::json layers = summary_of({"se_resnet20"})["layers"];
  const nlohmann::json first = {
      {"layer", "conv1"},  {"op", "conv2d"},  {"output", {1, 32, 32, 16}},
      {"parameters", 432}, {"macs", 442'368}, {"bytes", 32 * 32 * 16 * bytes_per_number}};
  EXPECT_EQ(layers.front(), first);
  EXPECT_EQ(layers.back()["layer"], "fc");
  const auto with = [&](const std::string& layer, const std::string& op) {
    return std::count_if(layers.begin(), layers.end(),
                         [&](const auto& l) { return l["layer"] == layer && l["op"] == op; });
  };
  EXPECT_EQ(with("layer2.0.downsample.0", "conv2d"), 1);
  EXPECT_EQ(with("layer3.2.se.fc1", "matmul"), 1);
  EXPECT_EQ(with("after layer3.2.se.fc2", "sigmoid"), 1);
}

TEST(Summary, CountsForAnotherImageSize) {
  const nlohmann::json json = summary_of({"resnet20", "--image-size", "64"});
  EXPECT_EQ(json["input"], (std::vector<long>{1, 64, 64, 3}));
  EXPECT_EQ(json["macs"],
            4 * (40'813'184 - 640) +
                640);  // all convolutions grow; the last layer still has one input per channel
}

TEST(Summary, PrintsATableThatEndsWithTotals) {
  const Ending ending = excite_program({"summary", "--model", "se_resnet20"});
  EXPECT_EQ(ending.code, 0);
  expect_contains(ending.out,
                  "layer1.0.conv1               conv2d               [1, 32, 32, 16]           "
                  "2,304       2,359,296");
  const std::string last = ending.out.substr(ending.out.rfind("\ntotal"));
  expect_contains(last, " 274,847 ");
  expect_contains(last, " 40,815,200 ");
}

TEST(Summary, SuggestsTheNearestModelAndOption) {
  expect_failure(excite_program({"summary", "--model", "se_resnet21"}), 2,
                 {"se_resnet21", "the nearest is se_resnet20"});
  expect_failure(excite_program({"summary", "--model", "se_resnet20", "--set", "reducton=8"}), 2,
                 {"reducton", "the nearest is reduction"});
  expect_failure(excite_program({"summary", "--model", "se_resnet20", "--set", "reduction=0"}), 2,
                 {"reduction=0"});
  expect_failure(excite_program({"summary", "--model", "se_resnet20", "--classes", "1"}), 2,
                 {"1 class, expected at least 2"});
  expect_failure(excite_program({"summary", "--weights", "w.safetensors", "--classes", "5"}), 2,
                 {"cannot be combined with"});
}

TEST(Summary, RefusesAnImageSizeBelowTheModelsSmallest) {
  expect_failure(excite_program({"summary", "--model", "inception_v3", "--image-size", "32"}), 2,
                 {"summary: --image-size 32: inception_v3 needs images of at least 75x75 pixels"});
}

}  // namespace
}  // namespace excite
