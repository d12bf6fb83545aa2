// Freezing, learning rates by layer, and classes of different size.
#include <gtest/gtest.h>

#include <map>

#include "autograd/ops.h"
#include "models/interop/weights.h"
#include "tests/tools/training/short_runs.h"
#include "tools/training/class_weights.h"
#include "tools/training/parameter_groups.h"

namespace excite {
namespace {

Model initialize(const Recipe& recipe) { return make_model(recipe, 10); }

std::map<std::string, Tensor> copy_of(const Model& model) {
  std::map<std::string, Tensor> all;
  for (const auto& [name, tensor] : state_of(model.module())) all[name] = tensor->clone();
  return all;
}

std::map<std::string, double> factors(const Recipe& recipe) {
  std::map<std::string, double> all;
  for (const Parameter& p : parameters_to_train(recipe, initialize(recipe)))
    all[p.name] = p.lr_factor;
  return all;
}

TEST(ParametersToTrain, LeaveOutWhatIsFrozen) {
  Recipe recipe = short_recipe(1);
  const std::size_t all = factors(recipe).size();
  recipe.freeze = "all-but-head";
  EXPECT_EQ(factors(recipe), (std::map<std::string, double>{{"fc.weight", 1}, {"fc.bias", 1}}));
  recipe.freeze = "fc,layer1.0.conv1.weight";
  EXPECT_EQ(factors(recipe).size(), all - 3);
  recipe.freeze = "layer*";
  EXPECT_EQ(factors(recipe).size(), 5u);  // of conv1, bn1 and fc
  recipe.freeze = "layr1.0";
  EXPECT_TRUE(fails_saying<UsageError>([&] { factors(recipe); },
                                       {"--freeze layr1.0", "the nearest is layer1.0", "conv1"}));
  recipe.freeze = "*";
  EXPECT_TRUE(fails_saying<UsageError>([&] { factors(recipe); }, {"nothing is left to train"}));
}

TEST(ParametersToTrain, PatternsEndAtADot) {
  EXPECT_TRUE(matches_pattern("layer1.0.bn1.weight", "layer1"));
  EXPECT_FALSE(matches_pattern("layer10.0.bn1.weight", "layer1"));
  EXPECT_TRUE(matches_pattern("layer1.0.bn1.weight", "*.bn1"));
}

// se_resnet8 has the layers conv1, bn1, layer1.0, layer2.0, layer3.0 and fc.
TEST(ParametersToTrain, HaveFactorsThatFallFromTheLastLayerToTheFirst) {
  Recipe recipe = short_recipe(1);
  recipe.layer_decay = 0.5;
  recipe.head_lr_factor = 10;
  const std::map<std::string, double> f = factors(recipe);
  EXPECT_EQ(f.at("fc.weight"), 10);
  EXPECT_EQ(f.at("fc.bias"), 10);
  EXPECT_EQ(f.at("layer3.0.se.fc1.weight"), 0.5);
  EXPECT_EQ(f.at("layer2.0.conv2.weight"), 0.25);
  EXPECT_EQ(f.at("layer1.0.bn1.bias"), 0.125);
  EXPECT_EQ(f.at("bn1.weight"), 0.0625);
  EXPECT_EQ(f.at("conv1.weight"), 0.03125);
}

struct Frozen : testing::Test {
  const Dataset data = noisy_images(16);
  const Normalization normalization = compute_normalization(data);
  Recipe recipe = short_recipe(4);
};

TEST_F(Frozen, TensorsAndRunningStatisticsKeepTheirBytes) {
  for (const auto& [name, freeze] : std::vector<std::pair<std::string, std::string>>{
           {"se_resnet8", "all-but-head"},
           {"se_resnet8", "conv1,bn1,layer1.0"},
           {"se_resnet8", "layer2.0.bn2,*.se"},
           {"se_resnet8", "conv1,bn1,layer1.0.conv*,layer1.0.bn*"},  // but not layer1.0.se
           {"se_small_preact", "*.bn1,bn"}}) {
    recipe.model = name;
    recipe.freeze = freeze;
    const Model model = initialize(recipe);
    const std::map<std::string, Tensor> before = copy_of(model);
    TrainingStep step(recipe, model, data, normalization);
    for (long i = 0; i < 3; i++) step(i);
    const std::map<std::string, Tensor> after = copy_of(model);
    const auto frozen = [&, patterns = split(freeze, ',')](const std::string& tensor) {
      if (patterns[0] == "all-but-head") return !tensor.starts_with("fc.");
      return std::any_of(patterns.begin(), patterns.end(),
                         [&](const std::string& p) { return matches_pattern(tensor, p); });
    };
    for (const auto& [tensor, value] : before)
      EXPECT_EQ(bool(same_bits(after.at(tensor), value)), frozen(tensor))
          << freeze << ": " << tensor;
  }
}

// The loss and its gradients are those of the plain operations.
TEST_F(Frozen, LayersComputeTheirDefinition) {
  for (const std::string freeze : {"all-but-head", "conv1,bn1,layer1.0", "layer2.0.bn2,*.se"}) {
    recipe.freeze = freeze;
    recipe.plain = false;
    const Model model = initialize(recipe);
    TrainingStep step(recipe, model, data, normalization);
    recipe.plain = true;
    const Model plain_model = initialize(recipe);
    TrainingStep plain_step(recipe, plain_model, data, normalization);
    for (long i = 0; i < 2; i++) {
      const StepResult a = step(i), b = plain_step(i);
      EXPECT_NEAR(a.loss, b.loss, in_double_build ? 1e-11 : 1e-4) << freeze;
      EXPECT_NEAR(a.gradient_norm / b.gradient_norm, 1, in_double_build ? 1e-9 : 1e-3) << freeze;
    }
  }
}

TEST_F(Frozen, LayersRecordNoGraph) {
  recipe.freeze = "all-but-head";
  const Model model = initialize(recipe);
  TrainingStep step(recipe, model, data, normalization);
  std::vector<std::string> walked;
  StepHooks hooks;
  hooks.backward.before = [&](const Node& node) { walked.emplace_back(node.op); };
  step.run(0, hooks);
  EXPECT_EQ(walked, (std::vector<std::string>{"scale", "sum", "mul_targets", "log_softmax",
                                              "add_bias", "matmul"}));  // of the loss and of fc
}

TEST(ClassWeights, BalanceTheClasses) {
  Dataset set = noisy_images(4, 3);
  set.labels = {0, 0, 0, 2};
  const Tensor w = class_weights("auto", set);
  EXPECT_TRUE(close(w, tensor_of({3}, {4.0 / 6, 0, 4.0 / 2}), 1e-6));
  EXPECT_TRUE(class_weights("none", set).empty());
  EXPECT_TRUE(close(class_weights("1,2.5,0", set), tensor_of({3}, {1, 2.5, 0}), 0));
  EXPECT_TRUE(
      fails_saying<UsageError>([&] { class_weights("1,2", set); }, {"2 weights", "3 classes"}));
  EXPECT_TRUE(fails_saying<UsageError>([&] { class_weights("1,-2,3", set); },
                                       {"weight 2 is '-2'", "from 0"}));
}

TEST_F(Frozen, ClassWeightsWeighTheLoss) {
  recipe.class_weights = "0,1,2,3,4,5,6,7,8,9";
  recipe.label_smoothing = 0.1;
  recipe.augment = "none";
  recipe.batch = 16;
  const Model model = initialize(recipe), same = initialize(recipe);
  TrainingStep step(recipe, model, data, normalization);
  const Batch all = to_tensors(data, normalization);
  const Var logits = same(Var(all.x.clone()), Mode::train);
  const Var loss =
      cross_entropy(logits, all.labels, class_weights(recipe.class_weights, data), real(0.1));
  EXPECT_NEAR(step(0).loss, static_cast<double>(loss->value.item()),
              in_double_build ? 1e-12 : 1e-5);
}

// 40 images of class 0, 2 of class 1, none of class 2.
TEST(BalancedOrder, GivesEachClassAnEqualShare) {
  std::vector<int> labels(40, 0);
  labels.insert(labels.begin() + 7, 2, 1);
  const std::vector<long> order = balanced_order(labels, 3, 0);
  ASSERT_EQ(order.size(), labels.size());
  std::map<long, long> times;
  for (const long i : order) times[i]++;
  EXPECT_EQ(times[7] + times[8], 21);
  EXPECT_LE(std::abs(times[7] - times[8]), 1);
  EXPECT_EQ(times.size(), 2u + 21u);  // an image of the large class at most once
  EXPECT_EQ(balanced_order(labels, 3, 0), order);
  EXPECT_NE(balanced_order(labels, 3, 1), order);
  long equal_pairs = 0;  // the classes do not simply alternate
  for (std::size_t i = 0; i < 42; i += 2) equal_pairs += labels[order[i]] == labels[order[i + 1]];
  EXPECT_GE(equal_pairs, 3);
  std::map<long, long> seen;  // other images of the large class in other epochs
  for (long epoch = 0; epoch < 20; epoch++)
    for (const long i : balanced_order(labels, 3, epoch)) seen[i]++;
  EXPECT_EQ(seen.size(), labels.size());
}

// An image that is shown again in a later batch has another random transform.
TEST_F(Frozen, TheBalancedSamplerChoosesTheImagesOfEachBatch) {
  Dataset unequal = data;
  for (long i = 0; i < 16; i++) unequal.labels[i] = i < 3 ? 1 : 0;
  recipe.sampler = "balanced";
  recipe.augment = "crop";
  recipe.schedule = "constant";
  recipe.warmup = 0;
  recipe.lr = recipe.weight_decay = 1e-12;  // the weights stay
  const Model model = initialize(recipe), same = initialize(recipe);
  TrainingStep step(recipe, model, unequal, normalization);
  const std::vector<long> order = balanced_order(unequal.labels, recipe.seed, 0);
  for (long i = 0; i < 2; i++) {
    const Batch batch = make_batch(unequal, {order.begin() + 8 * i, order.begin() + 8 * (i + 1)},
                                   normalization, parse_augmentation("crop"), recipe.seed, i);
    const Var loss = cross_entropy(same(Var(batch.x.clone()), Mode::train), batch.labels);
    EXPECT_NEAR(step(i).loss, static_cast<double>(loss->value.item()),
                in_double_build ? 1e-8 : 1e-5);
  }
}

TEST(FineTuning, ResumesToTheSameBits) {
  const ScratchFolder folder;
  Recipe recipe = short_recipe(2);
  recipe.freeze = "conv1,layer1.0";
  recipe.layer_decay = 0.7;
  recipe.head_lr_factor = 3;
  recipe.class_weights = "auto";
  recipe.sampler = "balanced";
  ASSERT_EQ(train_in(folder / "whole", recipe, never), 0);
  for (const int k : {2, 3, 5, 7}) {
    ASSERT_EQ(train_in(folder / std::to_string(k), recipe, stop_at(k)), 130);
    ASSERT_EQ(train_in(folder / std::to_string(k), recipe, never), 0);
    expect_same_run(folder / std::to_string(k), folder / "whole");
  }
}

}  // namespace
}  // namespace excite
