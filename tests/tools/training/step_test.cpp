#include "tools/training/step.h"

#include <limits>

#include "core/memory.h"
#include "core/parallel.h"
#include "models/interop/weights.h"
#include "tests/support/compare.h"
#include "tests/support/training_images.h"
#include "tools/training/metrics.h"

namespace excite {
namespace {

Recipe small_recipe() {
  Recipe r;
  r.model = "se_resnet8";
  r.epochs = 4;
  r.batch = 8;
  r.lr = 0.05;
  r.schedule = "constant";
  r.warmup = 0;
  r.augment = "none";
  return r;
}

Model initialize(const Recipe& recipe) {
  Rng rng(recipe.seed);
  return make_model(recipe.model, recipe.options, 10, rng);
}

std::vector<Tensor> copy_of(const Model& model) {
  std::vector<Tensor> all;
  for (const auto& [name, tensor] : state_of(model.module())) all.push_back(tensor->clone());
  return all;
}

const Tensor& tensor_named(const Model& model, const std::string& name) {
  for (const auto& [found, tensor] : state_of(model.module()))
    if (found == name) return *tensor;
  throw Error("no tensor " + name);
}

TEST(TrainingStep, OverfitsOneBatchToNearZeroLoss) {
  const Recipe recipe = small_recipe();
  const Model model = initialize(recipe);
  const Dataset data = noisy_images(8);
  TrainingStep step(recipe, model, data, compute_normalization(data));
  StepResult first{}, last{};
  for (long i = 0; i < 60; i++) (i == 0 ? first : last) = step(i);
  EXPECT_GT(first.loss, 1);
  EXPECT_LT(last.loss, 0.01);
  EXPECT_EQ(last.correct, 8);
  EXPECT_LT(last.gradient_norm, first.gradient_norm);
}

TEST(TrainingStep, UpdatesTheRunningStatisticsAndEvaluationUsesThem) {
  const Recipe recipe = small_recipe();
  const Model model = initialize(recipe);
  const Dataset data = noisy_images(8);
  const Normalization normalization = compute_normalization(data);
  TrainingStep step(recipe, model, data, normalization);
  const Tensor mean = tensor_named(model, "bn1.running_mean").clone(),
               variance = tensor_named(model, "bn1.running_var").clone();
  step(0);
  EXPECT_FALSE(same_bits(tensor_named(model, "bn1.running_mean"), mean));
  EXPECT_FALSE(same_bits(tensor_named(model, "bn1.running_var"), variance));

  const NoGrad no_grad;
  const std::vector<long> images{0, 1, 2, 3};
  const Var x(make_batch(data, images, normalization, Augmentation{}, 0, 0).x);
  const Tensor evaluated = model(x, Mode::eval)->value.clone();
  EXPECT_FALSE(close(model(x, Mode::train)->value, evaluated, 0.01));
}

TEST(TrainingStep, IsAFunctionOfItsNumber) {
  Recipe recipe = small_recipe();
  recipe.augment = "crop,flip,cutout";
  const Dataset data = noisy_images(20);  // two steps per epoch; the last four images are dropped
  const Normalization normalization = compute_normalization(data);
  const Model model_a = initialize(recipe), model_b = initialize(recipe);
  TrainingStep straight(recipe, model_a, data, normalization),
      other(recipe, model_b, data, normalization);
  EXPECT_EQ(straight.steps_per_epoch(), 2);
  for (long i = 0; i < 3; i++) straight(i), other(i);
  // A step object that starts in the middle of the second epoch, as after a resume.
  TrainingStep resumed(recipe, model_b, data, normalization);
  const NamedTensors from = state(other.optimizer()), to = state(resumed.optimizer());
  for (std::size_t i = 0; i < from.size(); i++) *to[i].second = from[i].second->clone();
  straight(3);
  resumed(3);
  const std::vector<Tensor> a = copy_of(model_a), b = copy_of(model_b);
  for (std::size_t i = 0; i < a.size(); i++) EXPECT_TRUE(same_bits(a[i], b[i]));
}

TEST(TrainingStep, DecaysTheParametersThatTheRecipeSays) {
  const Dataset data = noisy_images(8);
  const auto gamma_after = [&](const std::string& decay, double weight_decay) {
    Recipe recipe = small_recipe();
    recipe.decay = decay;
    recipe.weight_decay = weight_decay;
    const Model model = initialize(recipe);
    TrainingStep step(recipe, model, data, compute_normalization(data));
    step(0);
    return tensor_named(model, "bn1.weight").clone();
  };
  EXPECT_TRUE(same_bits(gamma_after("weights", 0.5), gamma_after("weights", 0)));
  EXPECT_FALSE(same_bits(gamma_after("all", 0.5), gamma_after("all", 0)));
}

TEST(TrainingStep, ClipsGradientsBeforeTheUpdate) {
  const Dataset data = noisy_images(8);
  const auto update_norm = [&](double clip) {
    Recipe recipe = small_recipe();
    recipe.momentum = recipe.weight_decay = 0;
    recipe.clip = clip;
    const Model model = initialize(recipe);
    const std::vector<Tensor> before = copy_of(model);
    TrainingStep step(recipe, model, data, compute_normalization(data));
    step(0);
    double squares = 0;
    for (std::size_t i = 0; i < before.size(); i++)
      for (long k = 0;
           model.module().state()[i].kind != Module::Kind::buffer && k < before[i].size(); k++)
        squares += std::pow(
            static_cast<double>(model.module().state()[i].var->value[k] - before[i][k]), 2);
    return std::sqrt(squares);
  };
  EXPECT_NEAR(update_norm(0.125), 0.05 * 0.125, 1e-6);  // lr times the clipped norm
  EXPECT_GT(update_norm(0), 0.05 * 0.2);
}

TEST(TrainingStep, ANonFiniteLossNamesOpAndLayerAndUpdatesNoParameter) {
  const Recipe recipe = small_recipe();
  const Model model = initialize(recipe);
  const Dataset data = noisy_images(16);
  TrainingStep step(recipe, model, data, compute_normalization(data));
  step(0);
  for (const Module::Entry& e : model.module().state())
    if (e.name == "layer2.0.bn1.weight") e.var->value[3] = std::numeric_limits<real>::infinity();
  const std::vector<Tensor> before = copy_of(model);
  EXPECT_TRUE(fails_saying<Diverged>(
      [&] { step(1); }, {"epoch 1", "step 2 of 2", "learning rate 0.05", "layer2.0.bn1.weight"}));
  for (const Module::Entry& e : model.module().state())
    if (e.name == "layer2.0.bn1.weight") e.var->value[3] = std::numeric_limits<real>::max();
  EXPECT_TRUE(fails_saying<Diverged>(
      [&] { step(1); }, {"the value of batch_norm_relu_conv2d in layer2.0.conv2 [8, 16, 16, 32]"}));
  for (std::size_t i = 0; i < before.size(); i++) {
    const Module::Entry& e = model.module().state()[i];
    const bool unchanged = e.kind != Module::Kind::buffer && e.name != "layer2.0.bn1.weight";
    EXPECT_TRUE(!unchanged || same_bits(e.var->value, before[i])) << e.name;
  }
}

// The two worked examples of tools/training/README.md.
TEST(TrainingChapter, OneCycleOfTenSteps) {
  const Schedule schedule{.decay = Decay::one_cycle,
                          .peak = 0.2,
                          .total_steps = 10,
                          .warmup_steps = 2,
                          .milestones = {}};
  const std::vector<double> rates{0, 0.1, 0.2, 0.175, 0.15, 0.125, 0.1, 0.075, 0.05, 0.025};
  for (std::size_t i = 0; i < rates.size(); i++)
    EXPECT_NEAR(schedule.at(static_cast<long>(i)), rates[i], 1e-15) << i;
}

TEST(TrainingChapter, TheFirstStepOfOneWeight) {
  const Var w = parameter(full({}, 1));
  w->grad = full({}, real(0.5));
  Sgd sgd({{"w", w, true}}, {.momentum = 0.9, .nesterov = true, .weight_decay = 0.0005});
  sgd.step(0.1);
  EXPECT_NEAR(static_cast<double>(w->value.item()), 0.904905, 1e-7);
}

TEST(TrainingStep, RefusesASetSmallerThanOneBatch) {
  const Recipe recipe = small_recipe();
  const Model model = initialize(recipe);
  const Dataset data = noisy_images(7);
  EXPECT_TRUE(fails_saying<UsageError>(
      [&] { TrainingStep(recipe, model, data, compute_normalization(data)); },
      {"--batch 8", "only 7 images"}));
}

// Buffers are reused: all memory that a step needs exists after the third step.
TEST(TrainingStep, TakesNoMemoryFromTheSystemAfterTheThird) {
  Recipe recipe = small_recipe();
  recipe.batch = 13;  // a size of buffers that no other test uses
  const Model model = initialize(recipe);
  const Dataset data = noisy_images(26);
  const int before = threads();
  for (const int count : {1, 2}) {
    set_threads(count);
    TrainingStep step(recipe, model, data, compute_normalization(data));
    for (long i = 0; i < 3; i++) step(i);
    const MemoryStats before_steps = memory_stats();
    for (long i = 3; i < 8; i++) step(i);
    // On two threads the order of allocations varies, so one more buffer of a shard may be needed.
    const MemoryStats after_steps = memory_stats();
    EXPECT_LE(after_steps.reserved - before_steps.reserved,
              count == 1 ? 0 : before_steps.reserved / 20)
        << count << " threads";
    EXPECT_LE(after_steps.allocated - before_steps.allocated, count == 1 ? 0 : 5)
        << count << " threads";
  }
  set_threads(before);
}

}  // namespace
}  // namespace excite
