// Inference gives the results of evaluation, for any batch and any number of threads.
#include "models/infer.h"

#include <algorithm>
#include <thread>

#include "autograd/hooks.h"
#include "autograd/ops.h"
#include "core/kernels/bfloat16.h"
#include "core/kernels/elementwise.h"
#include "core/parallel.h"
#include "layers/conv_bn.h"
#include "layers/parameters.h"
#include "models/zoo/registry.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

// Running statistics and biases differ from their initial values, so that folding changes
// something.
Model made(const std::string& name, const Settings& options = {}) {
  Rng rng(0);
  Model model = make_model(name, options, 10, rng);
  for (const Module::Entry& e : model.module().state()) {
    if (e.name.ends_with("running_var"))
      e.var->value = uniform(e.var.shape(), rng, real(0.5), 2);
    else if (e.name.ends_with("running_mean") || e.kind == Module::Kind::bias)
      e.var->value = normal(e.var.shape(), rng, 0, real(0.3));
  }
  return model;
}

TEST(Inference, EqualsEvaluationUpToRounding) {
  for (const char* name : {"se_resnet8", "resnet8", "se_resnet20"})
    for (const char* shortcut : {"A", "B"}) {
      const Model model = made(name, {{"shortcut", shortcut}});
      Rng rng(1);
      const Tensor x = normal({5, 32, 32, 3}, rng);
      EXPECT_TRUE(close(infer(model, x), model(x.clone(), Mode::eval)->value,
                        in_double_build ? 1e-11 : 1e-4))
          << name << ", shortcut " << shortcut;
    }
}

TEST(Inference, InBfloat16DiffersByLittleAndOnlyIfAskedFor) {
  const Model model = made("se_resnet20");
  Rng rng(1);
  const Tensor x = normal({5, 32, 32, 3}, rng);
  if (!has_bfloat16) {
    EXPECT_TRUE(fails_saying([&] { Inference(model, Weights::constant, Precision::bfloat16); },
                             {"this build has no bfloat16 products", "AVX512-BF16"}));
    return;
  }
  const Inference in_bfloat16(model, Weights::may_change, Precision::bfloat16);
  const Tensor expected = infer(model, x), y = in_bfloat16(x);
  EXPECT_TRUE(close(y, expected, 0.01));
  EXPECT_FALSE(close(y, expected, 2e-5)) << "nothing was rounded";
  for (const Module::Entry& e : model.module().state())
    if (e.name.ends_with("running_mean")) e.var->value = full(e.var.shape(), 2);
  EXPECT_FALSE(close(in_bfloat16(x), y, 0.03)) << "the weights have changed";
  EXPECT_TRUE(close(in_bfloat16(x), infer(model, x), 0.01));
}

TEST(Inference, GivesTheSameBitsOnAnyNumberOfThreads) {
  const Model model = made("se_resnet8");
  const Inference infer(model);
  Rng rng(1);
  const Tensor x = normal({67, 16, 16, 3}, rng);
  const int before = threads();
  set_threads(1);
  const Tensor all = infer(x);
  for (const int count : {2, 3, 7}) {
    set_threads(count);
    EXPECT_TRUE(same_bits(infer(x), all)) << count << " threads";
  }
  set_threads(before);
  for (const long n : {0l, 33l, 66l}) {
    Tensor one({1, 16, 16, 3}), expected({1, 10});
    std::copy_n(x.data() + n * one.size(), one.size(), one.data());
    std::copy_n(all.data() + n * 10, 10, expected.data());
    EXPECT_TRUE(close(infer(one), expected, in_double_build ? 1e-14 : 1e-5))
        << "image " << n << " alone";
  }
  EXPECT_EQ(infer(Tensor({0, 16, 16, 3})).shape(), (Shape{0, 10}));
}

// The batch of 20 images is divided among threads. In the one of a single image, each operation is.
TEST(Inference, SeveralThreadsOfTheCallerGetTheSameBits) {
  const Model model = made("se_resnet8");
  Rng rng(1);
  const Tensor one = normal({1, 16, 16, 3}, rng), many = normal({20, 16, 16, 3}, rng);
  const int before = threads();
  set_threads(1);
  const Tensor expected_one = infer(model, one), expected_many = infer(model, many);
  for (const int count : {1, 3}) {
    set_threads(count);
    const Inference shared(model);  // folds the layers when the first of the callers needs them
    std::vector<std::thread> callers;
    for (int i = 0; i < 4; i++)
      callers.emplace_back([&] {
        EXPECT_TRUE(same_bits(shared(one), expected_one)) << count << " threads";
        EXPECT_TRUE(same_bits(infer(model, many), expected_many)) << count << " threads";
        EXPECT_TRUE(same_bits(shared(many), expected_many)) << count << " threads";
        EXPECT_TRUE(same_bits(infer(model, one), expected_one)) << count << " threads";
      });
    for (std::thread& t : callers) t.join();
  }
  set_threads(before);
}

TEST(Inference, RecordsNoGraphAndLeavesTheModelTrainable) {
  const Model model = made("se_resnet8");
  Rng rng(1);
  const Tensor x = normal({2, 16, 16, 3}, rng);
  long recorded = 0;
  const int before = threads();
  set_threads(1);  // the hook sees operations of this thread
  const Inference infer(model);
  {
    const OpHook count(
        [&](const Node& y, const std::vector<Var>&) { recorded += y.requires_grad; });
    infer(x);
  }
  set_threads(before);
  EXPECT_EQ(recorded, 0);
  EXPECT_TRUE(model.module().parameters().front().requires_grad());
  EXPECT_TRUE(model(x.clone(), Mode::train).requires_grad()) << "while the inference still exists";
}

// The most images that an operation saw at once.
long images_at_once(const Model& model, const Tensor& x) {
  long most = 0;
  const int before = threads();
  set_threads(1);  // the hook sees operations of this thread
  {
    const OpHook look(
        [&](const Node& y, const std::vector<Var>&) { most = std::max(most, y.value.dim(0)); });
    infer(model, x);
  }
  set_threads(before);
  return most;
}

// The largest weight has 64 * 64 * 9 numbers: 36 for each of 32x32 pixels, 576 for each of 8x8.
TEST(Inference, TakesMoreImagesAtOnceThroughLayersWithLargeWeights) {
  const Model model = made("resnet8");
  Rng rng(1);
  EXPECT_EQ(images_at_once(model, normal({128, 32, 32, 3}, rng)), 4);
  const Tensor small = normal({520, 8, 8, 3}, rng);
  EXPECT_EQ(images_at_once(model, small), 32);
  EXPECT_TRUE(close(infer(model, small), model(small.clone(), Mode::eval)->value,
                    in_double_build ? 1e-11 : 1e-4));
  EXPECT_EQ(images_at_once(model, normal({16, 8, 8, 3}, rng)), 1) << "enough for 16 threads";
}

TEST(Inference, UsesTheCurrentWeightsWhenItIsConstructed) {
  const Model model = made("resnet8");
  Rng rng(1);
  const Tensor x = normal({2, 16, 16, 3}, rng), before = infer(model, x);
  model.module().state().front().var->value =
      normal(model.module().state().front().var.shape(), rng);
  EXPECT_FALSE(close(infer(model, x), before, 0.01));
}

// ---- weights that change while an Inference exists ----

// Statistics, weights of convolutions, and factors of batch norm: each alone, as in training.
TEST(Inference, FoldsAgainAfterATrainingStep) {
  const Model model = made("se_resnet8");
  Sgd sgd(parameters(model.module()));
  Rng rng(1);
  const Tensor x = normal({5, 32, 32, 3}, rng);
  const Inference infer(model);
  for (int step = 0; step < 3; step++) {
    const Tensor before = infer(x);
    backward(cross_entropy(model(x.clone(), Mode::train), {1, 2, 3, 4, 5}));
    EXPECT_FALSE(close(infer(x), before, 1e-3)) << "the running statistics have changed";
    sgd.step(0.1);
    const Tensor expected = model(x.clone(), Mode::eval)->value.clone();
    EXPECT_FALSE(close(expected, before, 1e-3));
    EXPECT_TRUE(close(infer(x), expected, in_double_build ? 1e-11 : 1e-4)) << "step " << step;
  }
}

TEST(Inference, SeesAChangeOfAnyTensorOfTheModel) {
  // A block with a single hidden unit may have one that is below 0, so that no weight matters.
  const Model model = made("se_resnet8", {{"reduction", "4"}});
  Rng rng(1);
  const Tensor x = normal({2, 16, 16, 3}, rng);
  const Inference infer(model);
  const Tensor before = infer(x);
  for (const Module::Entry& e : model.module().state()) {
    Tensor kept = e.var->value.clone();
    for (real& v : e.var->value) v += real(0.1);
    const Tensor after = infer(x);
    EXPECT_FALSE(same_bits(after, before)) << e.name;
    EXPECT_TRUE(close(after, model(x.clone(), Mode::eval)->value, in_double_build ? 1e-11 : 1e-4))
        << e.name;
    e.var->value = std::move(kept);
  }
  EXPECT_TRUE(same_bits(infer(x), before));
}

TEST(Inference, OfConstantWeightsFoldsOnce) {
  const Model model = made("resnet8");
  Rng rng(1);
  const Tensor x = normal({2, 16, 16, 3}, rng);
  const Inference infer(model, Weights::constant);
  const Tensor before = infer(x);
  model.module().state().front().var->value[0] += 1;
  EXPECT_TRUE(same_bits(infer(x), before));
}

// A Model is a handle, which Inference keeps.
TEST(Inference, OfATemporaryModelKeepsItsNetwork) {
  const Inference infer(made("resnet8"));
  Rng rng(1);
  EXPECT_EQ(infer(normal({1, 16, 16, 3}, rng)).shape(), (Shape{1, made("resnet8").classes}));
}

TEST(Fold, AConvolutionWithTwoBatchNormsIsFoldedTwice) {
  Rng rng(6);
  const Conv2d conv(3, 4, 1, rng);
  const BatchNorm2d first(4), second(4);
  second.gamma->value = full({4}, 3);
  FoldedLayers folded;
  const Tensor x = normal({1, 2, 2, 3}, rng), once = folded.of({conv, first}).conv(x);
  EXPECT_TRUE(close(folded.of({conv, second}).conv(x), map([](real v) { return 3 * v; }, once),
                    in_double_build ? 1e-12 : 1e-5));
}

// With three groups of 17 outputs, a group's biases begin in the middle of a SIMD vector.
TEST(Fold, EqualsConvolutionThenBatchNorm) {
  Rng rng(0);
  const Tensor x = normal({2, 7, 6, 24}, rng);
  for (const long stride : {1l, 2l})
    for (const Bias bias : {Bias::none, Bias::uniform})
      for (const long groups : {1l, 3l}) {
        const Conv2d conv(24, 51, 3, rng, {.stride = stride, .pad = 1, .groups = groups}, bias);
        const BatchNorm2d bn(51);
        bn.gamma->value = normal({51}, rng), bn.beta->value = normal({51}, rng);
        bn.running_mean->value = normal({51}, rng),
        bn.running_var->value = uniform({51}, rng, real(0.5), 2);
        const Tensor expected = bn(conv(x.clone()), Mode::eval)->value.clone(),
                     cut = relu(bn(conv(x.clone()), Mode::eval))->value.clone();
        EXPECT_TRUE(close(fold({conv, bn}).conv(x), expected, in_double_build ? 1e-13 : 1e-5))
            << stride << " " << groups;
        EXPECT_TRUE(close(fold({conv, bn}).conv_relu(x), cut, in_double_build ? 1e-13 : 1e-5))
            << stride << " " << groups;
      }
}

}  // namespace
}  // namespace excite
