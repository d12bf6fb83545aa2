// Ranks that normalize and sum their own images alone (--batch-norm local).
#include "tools/training/local_batch_norm.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "autograd/ops.h"
#include "tests/support/compare.h"
#include "tests/support/errors.h"
#include "tests/tools/training/runs_on_ranks.h"
#include "tools/training/own_samples.h"
#include "tools/training/recipe_json.h"

namespace excite {
namespace {

Recipe local_recipe(long ranks) {
  Recipe recipe = short_recipe(1);
  recipe.batch = 16, recipe.batch_norm = "local", recipe.ranks = ranks;
  return recipe;
}

const Dataset& images() {
  static const Dataset all = noisy_images(50);
  return all;
}
const Normalization half{{0.5, 0.5, 0.5}, {1, 1, 1}};

struct Trained {
  std::vector<StepResult> results;
  std::vector<Tensor> parameters, statistics;
};
Trained train_steps(const Recipe& recipe, long steps, Ranks* ranks) {
  const Model model = make_model(recipe, images().class_count());
  TrainingStep step(recipe, model, images(), half);
  if (ranks) step.share_batches(*ranks);
  Trained trained;
  for (long i = 0; i < steps; i++) trained.results.push_back(step(i));
  for (const Module::Entry& e : model.module().state())
    (e.kind == Module::Kind::buffer ? trained.statistics : trained.parameters)
        .push_back(e.var->value.clone());
  return trained;
}
Trained train_steps_on_ranks(const Recipe& recipe, long steps) {
  Trained of_first, others;
  on_ranks(recipe.ranks, [&](Ranks& ranks) {
    Trained mine = train_steps(recipe, steps, &ranks);
    if (ranks.rank() == 0) of_first = std::move(mine);
    if (ranks.rank() == 1) others = std::move(mine);
  });
  for (std::size_t i = 0; i < others.parameters.size(); i++)
    EXPECT_TRUE(same_bits(of_first.parameters[i], others.parameters[i]));
  for (std::size_t i = 0; i < others.statistics.size(); i++)
    EXPECT_TRUE(same_bits(of_first.statistics[i], others.statistics[i]));
  return of_first;
}

// One process that adds the gradients of two batches of 8 normalizes each of them alone.
TEST(LocalBatchNorm, IsThatOfOneProcessWithSmallerBatches) {
  constexpr double tolerance = in_double_build ? 1e-12 : 1e-4;
  for (const char* name : {"se_resnet8", "se_small_preact"}) {
    Recipe local = local_recipe(2), accumulated = short_recipe(1);
    local.model = accumulated.model = name;
    accumulated.batch = 8, accumulated.accumulate = 2;
    const Trained a = train_steps_on_ranks(local, 3), b = train_steps(accumulated, 3, nullptr);
    for (std::size_t i = 0; i < 3; i++) {
      EXPECT_NEAR(a.results[i].loss, b.results[i].loss, tolerance);
      EXPECT_NEAR(a.results[i].gradient_norm, b.results[i].gradient_norm, 10 * tolerance);
      EXPECT_EQ(a.results[i].correct, b.results[i].correct);
      EXPECT_EQ(a.results[i].images, 16);
    }
    for (std::size_t i = 0; i < a.parameters.size(); i++)
      EXPECT_TRUE(close(a.parameters[i], b.parameters[i], tolerance));
  }
}

TEST(LocalBatchNorm, IsAnotherFunctionThanThatOfTheWholeBatch) {
  Recipe whole = local_recipe(2);
  whole.batch_norm = "whole", whole.ranks = 0;
  const Trained a = train_steps_on_ranks(local_recipe(2), 2), b = train_steps(whole, 2, nullptr);
  EXPECT_GT(std::abs(a.results[0].loss - b.results[0].loss), 1e-4);
  EXPECT_NEAR(a.results[0].loss, b.results[0].loss, 0.5);
}

TEST(LocalBatchNorm, BelongsToANumberOfRanks) {
  on_ranks(3, [](Ranks& ranks) {
    const Recipe recipe = local_recipe(2);
    const Model model = make_model(recipe, images().class_count());
    TrainingStep step(recipe, model, images(), half);
    EXPECT_TRUE(
        fails_saying([&] { step.share_batches(ranks); },
                     {"of each rank's own images", "2 ranks", "there are 3", "mpirun -n 2"}));
    EXPECT_TRUE(fails_saying([&] { step(0); }, {"2 ranks", "there is 1", "mpirun -n 2"}));
  });
  Recipe unset = local_recipe(0);
  EXPECT_TRUE(fails_saying([&] { check_recipe(unset); }, {"--batch-norm local", "0 ranks"}));
}

TEST(LocalBatchNorm, GradientsAreAddedInTheOrderOfTheRanks) {
  const std::vector<real> own{1, 16777216, 1};
  on_ranks(3, [&](Ranks& ranks) {
    const Var small = parameter(zeros({2})), large = parameter(zeros({700, 400}));
    small->grad = full({2}, own[ranks.rank()]);
    large->grad = full({700, 400}, static_cast<real>(ranks.rank() + 1));
    large->grad[279'999] = 7;
    const Traffic before = ranks.traffic();
    add_gradients_of_ranks(ranks, {{"small", small, true}, {"large", large, true}});
    EXPECT_EQ((ranks.traffic() - before).calls, 2);
    EXPECT_EQ(small->grad[1], in_double_build ? 16777218 : 16777216);
    EXPECT_EQ(large->grad[0], 6);
    EXPECT_EQ(large->grad[279'999], 21);
  });
}

struct Statistics : Module {
  Var mean = buffer("mean", zeros({2})), weight_ = weight("weight", zeros({2}));
};

TEST(LocalBatchNorm, RunningStatisticsAreTheMeanOfTheRanks) {
  on_ranks(3, [](Ranks& ranks) {
    const Statistics module;
    const auto own = static_cast<real>(ranks.rank());
    module.mean->value = Tensor({2}, {real(0.1), 3 * own * own});
    module.weight_->value[0] = own;
    average_running_statistics(ranks, module);
    EXPECT_EQ(module.mean->value[0], real(0.1));  // the bits that all ranks have
    EXPECT_EQ(module.mean->value[1], 5);          // of 0, 3 and 12
    EXPECT_EQ(module.weight_->value[0], own);
  });
}

// Of 16 images of a batch, some could not be decoded.
TEST(LocalBatchNorm, WeighsTheRanksByTheirImagesWhereFilesAreBroken) {
  struct Case {
    long broken, fewest;
    bool is_shared;
  };
  for (const Case& c : {Case{0, 5, true}, {3, 4, true}, {13, 1, true}, {14, 2, false}}) {
    std::vector<double> weights(3);
    on_ranks(3, [&](Ranks& ranks) {
      std::vector<long> all(16);
      std::iota(all.begin(), all.end(), 0);
      const auto read = [&](std::vector<long> indices) {
        std::erase_if(indices, [&](long i) { return i < c.broken; });
        return Samples{indices, std::vector<Image>(indices.size()), {}};
      };
      const OwnSamples own =
          agree_on_samples(&ranks, SumOver::own_images, read(own_part(&ranks, all)), 16, read);
      EXPECT_EQ(own.images, 16 - c.broken);
      EXPECT_EQ(own.is_shared, c.is_shared);  // two images have two shards
      EXPECT_EQ(own.fewest_per_batch_norm, c.fewest);
      weights[ranks.rank()] = own.loss_weight;
    });
    EXPECT_NEAR(weights[0] + weights[1] + weights[2], 1, 1e-15) << c.broken;
    if (c.broken == 3) {
      EXPECT_NE(weights[0], weights[2]);
    }
  }
}

TEST(LocalBatchNorm, IsInTheRecipeOfAFile) {
  const Json json = to_json(local_recipe(4));
  EXPECT_EQ(json.at("batch_norm"), "local");
  EXPECT_EQ(json.at("ranks"), 4);
  EXPECT_FALSE(to_json(short_recipe(1)).contains("batch_norm"));
  const auto read = [](const Json& file) {
    const Recipe recipe = recipe_from_json(JsonObject(file.dump(), "file"));
    check_recipe(recipe);
    return recipe;
  };
  EXPECT_EQ(read(json).batch_norm, "local");
  EXPECT_EQ(read(json).ranks, 4);
  for (const long ranks : {-1l, 0l}) {
    Json other = json;
    other["ranks"] = ranks;
    EXPECT_TRUE(fails_saying([&] { read(other); }, {"--batch-norm local", text(ranks)}));
  }
  Json whole = json;
  whole["batch_norm"] = "whole";
  EXPECT_TRUE(fails_saying([&] { read(whole); }, {"--batch-norm whole", "4 ranks"}));
}

TEST(LocalBatchNorm, ResumesToTheSameBytes) {
  const ScratchFolder folder;
  Recipe recipe = local_recipe(2);
  recipe.batch = 8, recipe.accumulate = 2, recipe.ema = 0.9, recipe.mixup = 0.5;
  recipe.epochs = 2, recipe.model = "se_small_vgg", recipe.lr = 0.01;  // it has dropout
  EXPECT_EQ(train_on_ranks(folder / "one", recipe, 2), 0);
  EXPECT_EQ(train_on_ranks(folder / "run", recipe, 2, stop_at(2)), 128 + SIGINT);
  EXPECT_EQ(train_on_ranks(folder / "run", recipe, 2), 0);
  expect_same_run(folder / "run", folder / "one");
}

TEST(LocalBatchNorm, DivergesOnAllRanksTogether) {
  Recipe recipe = local_recipe(2);
  recipe.lr = in_double_build ? 1e200 : 1e30;
  std::vector<std::string> sentences(2);
  on_ranks(2, [&](Ranks& ranks) {
    try {
      train_steps(recipe, 3, &ranks);
    } catch (const Diverged& error) {
      sentences[ranks.rank()] = error.what();
    }
  });
  EXPECT_EQ(sentences[0], sentences[1]);
  expect_contains(sentences[0], "diverged in epoch");
}

}  // namespace
}  // namespace excite
