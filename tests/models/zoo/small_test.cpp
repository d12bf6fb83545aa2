// Properties of every model, tested on the small variants of model_list().
#include <map>

#include "autograd/ops.h"
#include "autograd/optimizer.h"
#include "core/parallel.h"
#include "models/infer.h"
#include "models/zoo/registry.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

Model made(const std::string& name, const Settings& options = {}, long classes = 10) {
  Rng rng(0);
  return make_model(name, options, classes, rng);
}

// Each small variant once, with one of its entries.
std::map<std::string, ModelEntry> small_models() {
  std::map<std::string, ModelEntry> all;
  for (const ModelEntry& entry : model_list()) all.emplace(entry.small_variant, entry);
  return all;
}

TEST(EveryModel, AcceptsItsMinimalImageSizeAndNothingSmaller) {
  for (const auto& [small, entry] : small_models()) {
    const Model model = made(small);
    Rng rng(1);
    const long least = model.min_image_size;
    EXPECT_EQ(model(normal({1, least, least + 3, 3}, rng), Mode::eval).shape(), (Shape{1, 10}))
        << small;
    if (least > 1) {
      const std::string smallest = text(Size2(least)), given = text(Size2(least - 1, least + 3));
      EXPECT_TRUE(fails_saying(
          [&] {
            model(normal({1, least - 1, least + 3, 3}, rng), Mode::eval);
          },
          {"too small", given, smallest}))
          << small;
    }
    EXPECT_TRUE(fails_saying(
        [&] {
          model(zeros({2, 3, 224, 224}), Mode::eval);
        },
        {"[2, 3, 224, 224]", "[N, H, W, 3]"}))
        << small;
  }
}

#ifndef EXCITE_DOUBLE  // in double, the gradients have checks of their own
// Noise on red, green, blue or black images, by label.
Tensor colored(const std::vector<int>& labels, long side, Rng& rng) {
  Tensor images = normal({static_cast<long>(labels.size()), side, side, 3}, rng);
  for (long i = 0; i < images.size(); i++)
    if (labels[i / (side * side * 3)] == i % 3) images[i] += 2;
  return images;
}

TEST(EveryModel, LearnsAFewImagesInTwentySteps) {
  for (const auto& [small, entry] : small_models()) {
    // Without dropout: half of the small VGG's hidden features are too few to learn from.
    const Model model = made(
        small, entry.defaults.contains("dropout") ? Settings{{"dropout", "0"}} : Settings{}, 4);
    Rng rng(1);
    const long side = std::max(16l, model.min_image_size);
    const std::vector<int> labels{0, 1, 2, 3, 0, 1, 2, 3};
    const Tensor images = colored(labels, side, rng);
    std::vector<Parameter> trained;
    for (const Module::Entry& e : model.module().state())
      if (e.kind != Module::Kind::buffer) trained.push_back({e.name, e.var, true});
    Sgd sgd(trained, {.momentum = 0.9});
    std::vector<double> losses;
    for (int step = 0; step < 20; step++) {
      model.module().reseed(0, step);
      const Var loss = cross_entropy(model(images.clone(), Mode::train), labels);
      losses.push_back(static_cast<double>(loss->value.item()));
      backward(loss);
      sgd.step(0.05);
    }
    EXPECT_LT(losses.back(), 0.7 * losses.front()) << small;
  }
}
#endif

TEST(EveryModel, InferenceEqualsEvaluation) {
  for (const auto& [small, entry] : small_models()) {
    Rng rng(1);
    const Model model = made(small);
    for (const Module::Entry& e : model.module().state()) {
      if (e.name.ends_with("running_var"))
        e.var->value = uniform(e.var.shape(), rng, real(0.5), 2);
      else if (e.name.ends_with("running_mean"))
        e.var->value = normal(e.var.shape(), rng, 0, real(0.3));
    }
    const long side = std::max(16l, model.min_image_size);
    const Tensor x = normal({3, side, side, 3}, rng);
    EXPECT_TRUE(
        close(infer(model, x), model(x.clone(), Mode::eval)->value, in_double_build ? 1e-10 : 1e-4))
        << small;
  }
}

TEST(EveryModel, FusedTrainingEqualsPlainTraining) {
  for (const auto& [small, entry] : small_models()) {
    Model fused = made(small), plain = made(small);
    plain.implementation.fused = false;
    Rng rng(1);
    const long side = std::max(32l, fused.min_image_size);
    const Var x = normal({4, side, side, 3}, rng);
    const auto run = [&](const Model& model) {
      model.module().reseed(0, 0);
      return model(x, Mode::train);
    };
    EXPECT_TRUE(close(run(fused)->value, run(plain)->value, in_double_build ? 1e-10 : 1e-3))
        << small;
  }
}

}  // namespace
}  // namespace excite
