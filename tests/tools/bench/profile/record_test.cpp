#include "tools/bench/profile/record.h"

#include <map>

#include "core/parallel.h"
#include "models/infer.h"
#include "models/interop/weights.h"
#include "tests/support/compare.h"
#include "tests/support/training_images.h"
#include "tools/training/step.h"

namespace excite {
namespace {

Recipe small_recipe() {
  Recipe r;
  r.model = "se_resnet8";
  r.batch = 8;
  return r;
}

Model new_model(const Recipe& recipe) {
  Rng rng(recipe.seed);
  return make_model(recipe.model, recipe.options, 10, rng);
}

std::vector<Record> records_of_a_step() {
  const Recipe recipe = small_recipe();
  const Model model = new_model(recipe);
  const Dataset data = noisy_images(8);
  TrainingStep step(recipe, model, data, compute_normalization(data));
  std::vector<Record> records;
  record_step(step, 0, records);
  return records;
}

TEST(Record, DoesNotChangeWhatAStepComputes) {
  const Recipe recipe = small_recipe();
  const Model recorded_model = new_model(recipe), plain_model = new_model(recipe);
  const Dataset data = noisy_images(16);
  TrainingStep recorded(recipe, recorded_model, data, compute_normalization(data)),
      plain(recipe, plain_model, data, compute_normalization(data));
  std::vector<Record> records;
  for (long i = 0; i < 3; i++) {
    const StepResult a = record_step(recorded, i, records), b = plain(i);
    EXPECT_EQ(a.loss, b.loss);
    EXPECT_EQ(a.gradient_norm, b.gradient_norm);
  }
  const NamedTensors a = state_of(recorded_model.module()), b = state_of(plain_model.module());
  for (std::size_t i = 0; i < a.size(); i++)
    EXPECT_TRUE(same_bits(*a[i].second, *b[i].second)) << a[i].first;
}

TEST(Record, HasBatchForwardBackwardAndOptimizerInOrder) {
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

// The network has nine convolutions, forward and backward, each with the name of its weight's
// layer. The first computes no gradient of the images. The second of each block is fused with the
// batch norm before it.
TEST(Record, HasTheLayerAndTheWorkOfEachOperation) {
  std::map<std::string, Work> forward, backward, fused_forward, fused_backward;
  for (const Record& r : records_of_a_step()) {
    if (r.op == "conv2d") (r.pass == Pass::forward ? forward : backward)[r.layer] = r.work;
    if (r.op == "batch_norm_relu_conv2d")
      (r.pass == Pass::forward ? fused_forward : fused_backward)[r.layer] = r.work;
  }
  EXPECT_EQ(forward.size(), 6u);
  EXPECT_EQ(backward.size(), 6u);
  ASSERT_TRUE(forward.contains("conv1") && forward.contains("layer1.0.conv1"));
  for (const auto* layers : {&fused_forward, &fused_backward}) {
    EXPECT_EQ(layers->size(), 3u);
    for (const char* layer : {"layer1.0.conv2", "layer2.0.conv2", "layer3.0.conv2"})
      EXPECT_TRUE(layers->contains(layer)) << layer;
  }
  for (const auto& [layer, work] : forward)
    EXPECT_EQ(backward.at(layer).flops, (layer == "conv1" ? 1 : 2) * work.flops) << layer;
}

TEST(Record, OfInferenceHasEveryImageAndNeedsOneThread) {
  const Model model = new_model(small_recipe());
  const Inference infer(model);
  Rng rng(1);
  const Tensor x = normal({3, 16, 16, 3}, rng);
  const int before = threads();
  std::vector<Record> records;
  set_threads(1);
  record_inference(infer, x, records);
  long convolutions = 0, flops = 0;
  for (const Record& r : records)
    if (r.op == "conv2d") convolutions++, flops += r.work.flops;
  EXPECT_EQ(convolutions, 3 * 9);
  const long stem = 16 * 16 * 16 * 27, first = 2 * 16 * 16 * 16 * 144,
             second = 8 * 8 * 32 * (16 + 144 + 288), third = 4 * 4 * 64 * (32 + 288 + 576);
  EXPECT_EQ(flops, 3 * 2 * (stem + first + second + third));
  set_threads(2);
  EXPECT_TRUE(fails_saying([&] { record_inference(infer, x, records); },
                           {"inference runs on 2 threads, expected 1"}));
  set_threads(before);
}

}  // namespace
}  // namespace excite
