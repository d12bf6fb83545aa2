// train --recipe: options under one name, each of which can be given as well.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/text.h"
#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

nlohmann::json recipe_of(const std::string& options, const std::string& path) {
  const Ending ended = excite_program(
      split("train --limit 40 --batch 20 --epochs 1 --out " + path + " " + options, ' '));
  EXPECT_EQ(ended.code, 0) << ended.err;
  return nlohmann::json::parse(get(path + "/config.json"))["recipe"];
}

TEST(Recipes, FastIsASmallNetworkWithMuon) {
  const ScratchFolder folder;
  const nlohmann::json r = recipe_of("--recipe fast --set width=4", folder / "fast");
  EXPECT_EQ(r["model"], "se_airbench");
  EXPECT_EQ(r["options"]["width"], "4");
  EXPECT_EQ(r["optimizer"], "muon");
  EXPECT_EQ(r["momentum"], 0.6);
  EXPECT_EQ(r["lr"], 0.12);
  EXPECT_EQ(r["epochs"], 1);  // as given
  EXPECT_EQ(r["test_flip"], true);
  EXPECT_EQ(r["augment"], "crop=2,alternating-flip");
}

TEST(Recipes, PaperIsThatOfThePaper) {
  const ScratchFolder folder;
  const nlohmann::json r =
      recipe_of("--recipe paper --model se_resnet8 --lr 0.05", folder / "paper");
  EXPECT_EQ(r["model"], "se_resnet8");
  EXPECT_EQ(r["lr"], 0.05);
  EXPECT_EQ(r["milestones"], (std::vector<double>{82, 123}));
  EXPECT_EQ(r["nesterov"], false);
  EXPECT_EQ(r["weight_decay"], 1e-4);
}

TEST(Recipes, AnUnknownNameIsAnError) {
  const Ending ended = excite_program({"train", "--recipe", "fats"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_NE(ended.err.find("--recipe fats: expected default, fast, paper; the nearest is fast"),
            std::string::npos)
      << ended.err;
}

}  // namespace
}  // namespace excite
