#include "tools/training/recipe.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "tests/support/errors.h"
#include "tests/support/scratch.h"
#include "tools/training/recipe_json.h"

namespace excite {
namespace {

template <class Change>
testing::AssertionResult refused(const Change& change, const std::vector<std::string>& parts) {
  Recipe recipe;
  change(recipe);
  return fails_saying<UsageError>([&] { check_recipe(recipe); }, parts);
}

TEST(Recipe, TheDefaultsAreValid) { check_recipe(Recipe{}); }

TEST(Recipe, AnErrorNamesTheOptionOutOfRange) {
  EXPECT_TRUE(refused([](Recipe& r) { r.epochs = 0; }, {"--epochs 0", "whole number from 1 to"}));
  EXPECT_TRUE(refused([](Recipe& r) { r.batch = -4; }, {"--batch -4"}));
  EXPECT_TRUE(
      refused([](Recipe& r) { r.lr = std::numeric_limits<double>::quiet_NaN(); }, {"--lr nan"}));
  EXPECT_TRUE(refused([](Recipe& r) { r.lr = 0; }, {"--lr 0"}));
  EXPECT_TRUE(
      refused([](Recipe& r) { r.optimizer = "sdg"; }, {"--optimizer sdg", "the nearest is sgd"}));
  EXPECT_TRUE(refused([](Recipe& r) { r.schedule = "onecycle"; },
                      {"--schedule onecycle", "the nearest is one-cycle"}));
  EXPECT_TRUE(refused([](Recipe& r) { r.warmup = 17; }, {"--warmup 17", "from 0 to 16"}));
  EXPECT_TRUE(refused([](Recipe& r) { r.momentum = 1; }, {"--momentum 1"}));
  EXPECT_TRUE(refused([](Recipe& r) { r.decay = "none"; }, {"--decay none"}));
  EXPECT_TRUE(refused([](Recipe& r) { r.label_smoothing = 1.5; }, {"--label-smoothing 1.5"}));
  EXPECT_TRUE(refused([](Recipe& r) { r.limit = -1; }, {"--limit -1"}));
  EXPECT_TRUE(refused([](Recipe& r) { r.seed = -1; }, {"--seed -1"}));
  EXPECT_TRUE(refused([](Recipe& r) { r.milestones = {3}; }, {"--milestones", "one-cycle"}));
  EXPECT_TRUE(refused(
      [](Recipe& r) {
        r.schedule = "multistep", r.milestones = {8, 8};
      },
      {"--milestones: number 2 is 8"}));
  EXPECT_TRUE(refused(
      [](Recipe& r) {
        r.schedule = "step", r.milestones = {8, 12};
      },
      {"--milestones", "period"}));
}

TEST(Recipe, TheDefaultMilestonesOfEveryScheduleAreValid) {
  for (const char* schedule : {"one-cycle", "cosine", "step", "multistep", "constant"}) {
    Recipe recipe;
    recipe.schedule = schedule;
    recipe.milestones = default_milestones(schedule, recipe.epochs);
    check_recipe(recipe);
  }
}

TEST(Recipe, IsReadBackFromJsonWithTheSameBits) {
  Recipe recipe;
  recipe.options = {{"reduction", "8"}};
  recipe.lr = 1.0 / 3;
  recipe.warmup = 0.2 * 3;
  recipe.schedule = "multistep";
  recipe.milestones = {1.1, 2.2};
  recipe.nesterov = false;
  recipe.plain = true;
  recipe.conv = "blas";
  recipe.seed = 123456789012345;
  const std::string json = to_json(recipe).dump();
  const Recipe back = recipe_from_json(JsonObject(json, "file"));
  EXPECT_EQ(back.lr, recipe.lr);
  EXPECT_EQ(back.warmup, recipe.warmup);
  EXPECT_EQ(back.milestones, recipe.milestones);
  EXPECT_EQ(back.options, recipe.options);
  EXPECT_EQ(back.seed, recipe.seed);
  EXPECT_EQ(to_json(back).dump(), json);
}

// So the files of older versions mean the same, and their checkpoints fit.
TEST(Recipe, FieldsThatOlderVersionsDoNotKnowAreAbsentWhereTheyHaveTheirDefaults) {
  for (const char* name : {"mean", "freeze", "head_lr_factor", "class_weights"})
    EXPECT_FALSE(to_json(Recipe{}).contains(name)) << name;
  Recipe recipe;
  recipe.freeze = "conv1,bn1";
  recipe.head_lr_factor = 10;
  recipe.layer_decay = 0.75;
  recipe.class_weights = "auto";
  recipe.sampler = "balanced";
  const std::string json = to_json(recipe).dump();
  const Recipe back = recipe_from_json(JsonObject(json, "file"));
  EXPECT_EQ(back.freeze, "conv1,bn1");
  EXPECT_EQ(back.layer_decay, 0.75);
  EXPECT_EQ(to_json(back).dump(), json);
}

TEST(Recipe, DamagedJsonIsAnErrorThatNamesTheFile) {
  const std::string whole = to_json(Recipe{}).dump();
  const auto error_with = [&](const std::string& before, const std::string& after) {
    std::string changed = whole;
    changed.replace(changed.find(before), before.size(), after);
    const JsonObject file("{\"recipe\": " + changed + "}", "a.json");
    return file_error([&] { recipe_from_json(file.object("recipe")); });
  };
  const std::string epochs = "\"epochs\":16";
  EXPECT_EQ(error_with(epochs, "\"epochs\":\"many\""),
            "a.json: 'recipe.epochs' is \"many\", expected a whole number");
  EXPECT_EQ(error_with(epochs, "\"epochs\":1.5"),
            "a.json: 'recipe.epochs' is 1.5, expected a whole number");
  EXPECT_EQ(error_with(epochs, "\"epochs\":-1"),
            "a.json: --epochs -1: expected a whole number from 1 to 1000000");
  EXPECT_EQ(error_with("\"epochs\"", "\"turns\""),
            "a.json: it has no entry 'recipe.epochs', expected a whole number");
}

}  // namespace
}  // namespace excite
