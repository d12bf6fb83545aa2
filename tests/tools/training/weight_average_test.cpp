// The average of the weights, accumulation of gradients, and runs with all of these options.
#include "tools/training/weight_average.h"

#include <gtest/gtest.h>

#include "autograd/ops.h"
#include "core/kernels/elementwise.h"
#include "layers/linear.h"
#include "models/interop/weights.h"
#include "tests/tools/training/short_runs.h"
#include "tools/data/mixing.h"

namespace excite {
namespace {

struct OneWeight : Module {
  Var w = weight("w", full({1}, 1));
};

TEST(WeightAverage, MatchesThreeStepsByHand) {
  const OneWeight net;
  WeightAverage average(net, 0.05);
  const auto after = [&](long step, real w) {
    net.w->value[0] = w;
    average.update(step);
    return static_cast<double>(average.state()[0].second->item());
  };
  EXPECT_DOUBLE_EQ(after(0, 4), 4);                         // d = 0: the weights
  EXPECT_NEAR(after(0 + 1, 2), 4 * 0.05 + 2 * 0.95, 1e-6);  // d = min(0.05, 1/11)
  EXPECT_EQ(average.state()[0].first, "optimizer.average.w");
  average.exchange();
  EXPECT_NEAR(static_cast<double>(net.w->value[0]), 2.1, 1e-6);
  average.exchange();
  EXPECT_EQ(net.w->value[0], 2);
  WeightAverage slow(net, 0.9);
  net.w->value[0] = 8;
  slow.update(2);  // d = 2/12, from 2
  EXPECT_NEAR(static_cast<double>(slow.state()[0].second->item()), 2.0 / 6 + 8 * 5.0 / 6, 1e-6);
}

// After each step, the average gets the weights of that step.
TEST(WeightAverage, FollowsTheStepsOfARun) {
  const Dataset data = noisy_images(16);
  Recipe recipe = short_recipe(4);
  recipe.schedule = "constant";
  recipe.warmup = 0;
  recipe.ema = 0.1;
  const Model model = make_model(recipe, 10);
  TrainingStep step(recipe, model, data, compute_normalization(data));
  Tensor expected;
  for (long i = 0; i < 3; i++) {
    step(i);
    const Tensor& w = model.module().state()[0].var->value;
    const auto d =
        static_cast<real>(std::min(0.1, static_cast<double>(i) / (10.0 + static_cast<double>(i))));
    expected =
        i == 0 ? w.clone() : map([=](real a, real v) { return d * a + (1 - d) * v; }, expected, w);
  }
  EXPECT_TRUE(close(*step.average()->state()[0].second, expected, 1e-5));
  EXPECT_FALSE(close(model.module().state()[0].var->value, expected, 1e-5));
}

struct LinearNet : Module {
  Linear fc;
  explicit LinearNet(Rng& rng) : fc(own("fc", Linear(32 * 32 * 3, 10, rng))) {}
  Var operator()(const Var& x) const { return fc(reshape(x, {x.shape()[0], 32 * 32 * 3})); }
};

// Without batch norm, two batches of 8 and one of 16 give the same gradient up to rounding.
TEST(Accumulation, EqualsALargerBatch) {
  const Dataset data = noisy_images(16);
  const Normalization normalization = compute_normalization(data);
  const auto trained = [&](long batch, long accumulate) {
    Rng rng(0);
    const Model model = as_model(LinearNet(rng), {.name = "net", .classes = 10, .image_size = 32});
    Recipe recipe = short_recipe(2);
    recipe.batch = batch;
    recipe.accumulate = accumulate;
    recipe.clip = 0.5;
    TrainingStep step(recipe, model, data, normalization);
    EXPECT_EQ(step.steps_per_epoch(), 1);
    StepResult result{};
    for (long i = 0; i < 2; i++) result = step(i);
    EXPECT_EQ(result.images, 16);
    return std::pair(result, model.module().state()[0].var->value.clone());
  };
  const auto [whole, w] = trained(16, 1);
  const auto [parts, same_w] = trained(8, 2);
  EXPECT_NEAR(parts.loss, whole.loss, 1e-5 * whole.loss);
  EXPECT_NEAR(parts.gradient_norm, whole.gradient_norm, 1e-4 * whole.gradient_norm);
  EXPECT_EQ(parts.correct, whole.correct);
  EXPECT_TRUE(close(same_w, w, in_double_build ? 1e-12 : 1e-5));
  const Dataset few = noisy_images(15);
  Recipe recipe = short_recipe(1);
  recipe.accumulate = 2;
  EXPECT_TRUE(fails_saying<UsageError>(
      [&] { TrainingStep(recipe, make_model(recipe, 10), few, normalization); },
      {"--batch 8 and --accumulate 2", "only 15 images"}));
}

TEST(Mixing, TheLossIsThatOfTheMixedTargets) {
  const Dataset data = noisy_images(16);
  const Normalization normalization = compute_normalization(data);
  Recipe recipe = short_recipe(1);
  recipe.augment = "none";
  recipe.batch = 16;
  const auto loss = [&](double mixup, double cutmix) {
    recipe.mixup = mixup, recipe.cutmix = cutmix;
    const Model model = make_model(recipe, 10);
    TrainingStep step(recipe, model, data, normalization);
    return step(0).loss;
  };
  EXPECT_NE(loss(1, 0), loss(0, 0));
  EXPECT_NE(loss(0, 1), loss(0, 0));
  EXPECT_EQ(loss(0, 1), loss(0, 1));
}

// Each batch has a draw of its own, of stream 5 of (seed, batch).
TEST(Mixing, EachBatchIsMixedByItsOwnDraw) {
  const Dataset data = noisy_images(16);
  const Normalization normalization = compute_normalization(data);
  Recipe recipe = short_recipe(2);
  recipe.augment = "none";
  recipe.schedule = "constant";
  recipe.warmup = 0;
  recipe.lr = recipe.weight_decay = 1e-12;  // the weights stay
  recipe.mixup = 0.5;
  const Model model = make_model(recipe, 10), same = make_model(recipe, 10);
  TrainingStep step(recipe, model, data, normalization);
  const std::vector<long> order = epoch_order(16, recipe.seed, 0);
  for (long i = 0; i < 2; i++) {
    Batch batch = make_batch(data, {order.begin() + 8 * i, order.begin() + 8 * (i + 1)},
                             normalization, {}, recipe.seed, 0);
    Rng rng(recipe.seed, i, 5l);
    mix(batch, draw_mix({.mixup = 0.5}, 32, 32, rng), 10, 0);
    const Var loss = cross_entropy(same(Var(batch.x.clone()), Mode::train), batch.targets);
    EXPECT_NEAR(step(i).loss, static_cast<double>(loss->value.item()),
                in_double_build ? 1e-8 : 1e-5);
  }
}

TEST(TestFlip, ChangesTheEvaluationAndNotTheWeights) {
  const ScratchFolder folder;
  Recipe recipe = short_recipe(1);
  ASSERT_EQ(train_in(folder / "plain", recipe, never), 0);
  recipe.test_flip = true;
  ASSERT_EQ(train_in(folder / "flip", recipe, never), 0);
  const auto rows = [&](const char* name) { return read_log(folder / name + "/log.csv"); };
  EXPECT_EQ(rows("plain")[0].train_loss, rows("flip")[0].train_loss);
  EXPECT_NE(rows("plain")[0].test->loss, rows("flip")[0].test->loss);
}

// One run with everything at once: each part must be a function of the step, or be saved.
TEST(AllOptions, ResumeToTheSameBits) {
  const ScratchFolder folder;
  Recipe recipe = short_recipe(2, "muon");
  recipe.batch = 4;
  recipe.accumulate = 2;
  recipe.schedule = "cosine";
  recipe.min_lr = 0.001;
  recipe.mixup = 0.4;
  recipe.cutmix = 1;
  recipe.ema = 0.9;
  recipe.test_flip = true;
  recipe.augment = "crop=2,alternating-flip,erase";
  recipe.label_smoothing = 0.2;
  ASSERT_EQ(train_in(folder / "whole", recipe, never), 0);
  for (const int k : {2, 3, 5, 7}) {
    const std::string path = folder / std::to_string(k);
    ASSERT_EQ(train_in(path, recipe, stop_at(k)), 130);
    ASSERT_EQ(train_in(path, recipe, never), 0);
    expect_same_run(path, folder / "whole");
    EXPECT_TRUE(get(path + "/ema.safetensors") == get(folder / "whole/ema.safetensors"));
  }
}

// ema.safetensors has the average that last.safetensors has, and it is what is evaluated.
TEST(WeightAverage, IsEvaluatedAndSavedBesideTheWeights) {
  const ScratchFolder folder;
  Recipe recipe = short_recipe(2);
  recipe.ema = 0.5;
  ASSERT_EQ(train_in(folder / "run", recipe, never), 0);
  const SafetensorsFile last(folder / "run/last.safetensors"), ema(folder / "run/ema.safetensors");
  EXPECT_TRUE(same_bits(ema.read("fc.weight"), last.read("optimizer.average.fc.weight")));
  EXPECT_FALSE(same_bits(ema.read("fc.weight"), last.read("fc.weight")));
  const TrainedModel trained = load_model(ema);
  const Dataset test = small_data().test;
  const Normalization normalization{trained.preprocessing.mean, trained.preprocessing.deviation};
  const Metrics metrics = measure_accuracy(Ensemble({{trained.model, normalization}}), test, {8});
  const std::vector<EpochRow> log = read_log(folder / "run/log.csv");
  ASSERT_TRUE(log.back().test.has_value());
  EXPECT_NEAR(log.back().test->loss, metrics.loss(), 1e-5);
}

}  // namespace
}  // namespace excite
