#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "models/interop/weights.h"
#include "models/zoo/registry.h"
#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

struct Inspect : testing::Test {
  ScratchFolder folder;
  const std::string path = folder / "some.safetensors";
  const real nan = std::numeric_limits<real>::quiet_NaN();
  const std::string dtype = sizeof(real) == 8 ? "F64" : "F32";

  Inspect() {
    const Tensor weight({2, 3}, {1, -2, 3, 4, -5, real(0.5)}), partly_nan({3}, {1, nan, 3}),
        only_nan({1}, {nan});
    write_safetensors(path, {{"model", "toy"}, {"odd", "two\nlines"}},
                      {{"fc.weight", &weight},
                       {"partly_nan", &partly_nan},
                       {"only_nan", &only_nan},
                       {"step", Integers{{2}, {7, -9}}}});
  }
};

TEST_F(Inspect, ShowsTypesShapesAndStatistics) {
  const Ending ending = excite_program({"inspect", path});
  EXPECT_EQ(ending.code, 0) << ending.err;
  expect_contains(ending.out, "model          toy\n");
  expect_contains(ending.out, "odd            two?lines\n");
  expect_contains(ending.out, "fc.weight  " + dtype +
                                  "   [2, 3]                       -5         0.25            4\n");
  expect_contains(ending.out,
                  "step       I64   [2]                          -9           -1            7\n");
  expect_contains(
      ending.out,
      "partly_nan " + dtype +
          "   [3]                           1            2            3  and 1 not finite\n");
  expect_contains(
      ending.out,
      "only_nan   " + dtype +
          "   [1]                           -            -            -  and 1 not finite\n");
  expect_contains(ending.out, "\n12 numbers\n");
}

TEST_F(Inspect, PrintsTheSameAsJson) {
  const nlohmann::json json =
      nlohmann::json::parse(excite_program({"inspect", "--json", path}).out);
  EXPECT_EQ(json["file"], path);
  EXPECT_EQ(json["checksum"], true);
  EXPECT_EQ(json["metadata"], (nlohmann::json{{"model", "toy"}, {"odd", "two\nlines"}}));
  ASSERT_EQ(json["tensors"].size(), 4u);
  const nlohmann::json weight = {{"name", "fc.weight"}, {"dtype", dtype}, {"shape", {2, 3}},
                                 {"min", -5.0},         {"mean", 0.25},   {"max", 4.0},
                                 {"not_finite", 0}};
  EXPECT_EQ(json["tensors"][0], weight);
  EXPECT_EQ(
      json["tensors"][1],
      (nlohmann::json{{"name", "only_nan"}, {"dtype", dtype}, {"shape", {1}}, {"not_finite", 1}}));
}

TEST_F(Inspect, RefusesFilesThatAreMissingOrCut) {
  expect_failure(excite_program({"inspect", folder / "missing"}), 3, {"missing", "No such file"});
  expect_failure(excite_program({"inspect", folder.path()}), 3, {folder.path(), "folder"});
  put(path, get(path).substr(0, 100));
  expect_failure(excite_program({"inspect", path}), 3, {"some.safetensors"});
}

TEST(InspectWeights, NamesTheModelInferredFromAnotherProgramsTensors) {
  const ScratchFolder folder;
  const std::string path = folder / "resnet8.safetensors";
  Rng rng = Rng::silent();
  const Model model = make_model("resnet8", {}, 10, rng);
  save_tensors(path, {}, state_of(model.module()));
  const Ending ending = excite_program({"inspect", path});
  EXPECT_EQ(ending.code, 0) << ending.err;
  expect_contains(
      ending.out,
      "\n\nread as resnet8, with tensor names as in timm, which has no such network\n\ntensor");
  EXPECT_EQ(nlohmann::json::parse(excite_program({"inspect", "--json", path}).out)["read_as"],
            "read as resnet8, with tensor names as in timm, which has no such network");
  const Ending summary = excite_program({"summary", "--weights", path, "--json"});
  EXPECT_EQ(nlohmann::json::parse(summary.out)["model"], "resnet8");
  EXPECT_EQ(summary.err,
            "excite: " + path +
                ": read as resnet8, with tensor names as in timm, which has no such network\n");
  save_tensors(path, describe(model, {}), state_of(model.module()));
  EXPECT_EQ(nlohmann::json::parse(excite_program({"inspect", "--json", path}).out)["read_as"], "");
}

TEST(InspectWeights, ShowsTensorsOfNoKnownModel) {
  const ScratchFolder folder;
  const Tensor x({2});
  write_safetensors(folder / "some.safetensors", {},
                    {{"module.bn1.weight", &x}, {"bn1.weight", &x}});
  const Ending ending = excite_program({"inspect", "--json", folder / "some.safetensors"});
  EXPECT_EQ(ending.code, 0) << ending.err;
  const nlohmann::json json = nlohmann::json::parse(ending.out);
  EXPECT_EQ(json["read_as"], "");
  EXPECT_EQ(json["tensors"].size(), 2u);
}

}  // namespace
}  // namespace excite
