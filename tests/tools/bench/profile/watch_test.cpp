#include "tools/bench/profile/watch.h"

#include <map>

#include "core/parallel.h"
#include "models/interop/weights.h"
#include "tests/support/compare.h"
#include "tests/support/training_images.h"

namespace excite {
namespace {

Recipe small_recipe() {
  Recipe r;
  r.model = "se_resnet8";
  r.batch = 8;
  return r;
}

Model draw(const Recipe& recipe) {
  Rng rng(recipe.seed);
  return make_model(recipe.model, recipe.options, 10, rng);
}

std::vector<Record> records_of_a_step() {
  const Recipe recipe = small_recipe();
  const Model model = draw(recipe);
  const Dataset data = noisy_images(8);
  TrainingStep step(recipe, model, data, measure(data));
  std::vector<Record> records;
  watch(step, 0, records);
  return records;
}

TEST(Watch, LeavesTheStepAsItIs) {
  const Recipe recipe = small_recipe();
  const Model seen = draw(recipe), unseen = draw(recipe);
  const Dataset data = noisy_images(16);
  TrainingStep watched(recipe, seen, data, measure(data)),
      alone(recipe, unseen, data, measure(data));
  std::vector<Record> records;
  for (long i = 0; i < 3; i++) {
    const StepResult a = watch(watched, i, records), b = alone(i);
    EXPECT_EQ(a.loss, b.loss);
    EXPECT_EQ(a.gradient_norm, b.gradient_norm);
  }
  const NamedTensors a = state_of(seen.module), b = state_of(unseen.module);
  for (std::size_t i = 0; i < a.size(); i++)
    EXPECT_TRUE(same_bits(*a[i].second, *b[i].second)) << a[i].first;
}

TEST(Watch, FollowsABatchForwardBackwardAndTheOptimizer) {
  const std::vector<Record> records = records_of_a_step();
  std::string passes;
  for (std::size_t i = 0; i < records.size(); i++) {
    if (i == 0 || records[i].pass != records[i - 1].pass)
      passes += std::string(name_of(records[i].pass)) + " ";
    EXPECT_LE(records[i].begin, records[i].end);
    if (i > 0) {
      EXPECT_LE(records[i - 1].end, records[i].begin);
    }
  }
  EXPECT_EQ(passes, "batch forward backward optimizer ");
}

// Nine convolutions, each in the layer it has its weight from, and as many on the way back; the
// first needs no gradient of the images. The second of each block is one operation with the
// batch-norm before it.
TEST(Watch, NamesTheLayerAndCountsTheWorkOfEachOperation) {
  std::map<std::string, Work> forward, backward, forward_of_several, backward_of_several;
  for (const Record& r : records_of_a_step()) {
    if (r.op == "conv2d") (r.pass == Pass::forward ? forward : backward)[r.layer] = r.work;
    if (r.op == "batch_norm_relu_conv2d")
      (r.pass == Pass::forward ? forward_of_several : backward_of_several)[r.layer] = r.work;
  }
  EXPECT_EQ(forward.size(), 6u);
  EXPECT_EQ(backward.size(), 6u);
  ASSERT_TRUE(forward.contains("conv1") && forward.contains("layer1.0.conv1"));
  for (const auto* layers : {&forward_of_several, &backward_of_several}) {
    EXPECT_EQ(layers->size(), 3u);
    for (const char* layer : {"layer1.0.conv2", "layer2.0.conv2", "layer3.0.conv2"})
      EXPECT_TRUE(layers->contains(layer)) << layer;
  }
  for (const auto& [layer, work] : forward)
    EXPECT_EQ(backward.at(layer).flops, (layer == "conv1" ? 1 : 2) * work.flops) << layer;
}

TEST(Watch, SeesEveryImageOfAnInferenceOnOneThreadAndRefusesMore) {
  const Model model = draw(small_recipe());
  const Inference infer(model);
  Rng rng(1);
  const Tensor x = normal({3, 16, 16, 3}, rng);
  const int before = threads();
  std::vector<Record> records;
  set_threads(1);
  watch(infer, x, records);
  long convolutions = 0, flops = 0;
  for (const Record& r : records)
    if (r.op == "conv2d") convolutions++, flops += r.work.flops;
  EXPECT_EQ(convolutions, 3 * 9);
  const long stem = 16 * 16 * 16 * 27, first = 2 * 16 * 16 * 16 * 144,
             second = 8 * 8 * 32 * (16 + 144 + 288), third = 4 * 4 * 64 * (32 + 288 + 576);
  EXPECT_EQ(flops, 3 * 2 * (stem + first + second + third));
  set_threads(2);
  EXPECT_TRUE(
      fails_saying([&] { watch(infer, x, records); }, {"inference on 2 threads, expected 1"}));
  set_threads(before);
}

}  // namespace
}  // namespace excite
