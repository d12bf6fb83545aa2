// Each layer's parameters, their initial values, and the operation that it computes.
#include "layers/batch_norm.h"
#include "layers/conv2d.h"
#include "layers/dropout.h"
#include "layers/init.h"
#include "layers/linear.h"
#include "layers/pool.h"
#include "layers/squeeze_excite.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

std::string state_of(const Module& module) {
  std::string all;
  for (const Module::Entry& e : module.state()) all += text(e.name, " ", e.var.shape(), "\n");
  return all;
}

double variance(const Tensor& t) {
  double sum = 0, squares = 0;
  for (const real v : t)
    sum += static_cast<double>(v), squares += static_cast<double>(v) * static_cast<double>(v);
  const double n = static_cast<double>(t.size());
  return squares / n - sum / n * (sum / n);
}
double max_abs(const Tensor& t) {
  double most = 0;
  for (const real v : t) most = std::max(most, static_cast<double>(std::abs(v)));
  return most;
}

TEST(Conv2dLayer, OwnsAWeightAndAnOptionalBias) {
  Rng rng(0);
  EXPECT_EQ(state_of(Conv2d(4, 6, {3, 5}, rng)), "weight [3, 5, 4, 6]\n");
  EXPECT_EQ(state_of(Conv2d(4, 6, 3, rng, {.groups = 2})), "weight [3, 3, 2, 6]\n");
  EXPECT_EQ(state_of(Conv2d(4, 6, 1, rng, {}, Bias::zero)), "weight [1, 1, 4, 6]\nbias [6]\n");
}

TEST(Conv2dLayer, ComputesConv2dAndAddBias) {
  Rng rng(0);
  const Conv2d conv(4, 6, 3, rng, {.stride = 2, .pad = 1}, Bias::uniform);
  const Var x = normal({2, 5, 5, 4}, rng);
  EXPECT_TRUE(same_bits(conv(x)->value,
                        add_bias(conv2d(x, conv.w, {.stride = 2, .pad = 1}), conv.b)->value));
  EXPECT_GT(max_abs(conv.b->value), 0);
}

TEST(Layers, RefuseImpossibleSizes) {
  Rng rng(0);
  EXPECT_TRUE(
      fails_saying([&] { Conv2d(4, 6, 3, rng, {.groups = 0}); }, {"Conv2d: 4 -> 6", "0 groups"}));
  EXPECT_TRUE(
      fails_saying([&] { Conv2d(4, 6, 3, rng, {.groups = 4}); }, {"4 groups", "divide both"}));
  EXPECT_TRUE(fails_saying([&] { Conv2d(4, 0, 3, rng); }, {"4 -> 0"}));
  EXPECT_TRUE(fails_saying([&] { Linear(0, 3, rng); }, {"Linear: 0 -> 3"}));
  EXPECT_TRUE(fails_saying([&] { SqueezeExcite(8, {.reduction = 0}, rng); },
                           {"reduction 0", "at least 1"}));
}

TEST(LinearLayer, OwnsAWeightAndABiasByDefault) {
  Rng rng(0);
  EXPECT_EQ(state_of(Linear(4, 6, rng)), "weight [4, 6]\nbias [6]\n");
  EXPECT_EQ(state_of(Linear(4, 6, rng, Bias::none)), "weight [4, 6]\n");
  EXPECT_TRUE(same_bits(Linear(4, 6, rng, Bias::zero).b->value, zeros({6})));
}

TEST(LinearLayer, ComputesLinearOrMatmul) {
  Rng rng(0);
  const Linear biased(4, 6, rng), unbiased(4, 6, rng, Bias::none);
  const Var x = normal({3, 4}, rng);
  EXPECT_TRUE(same_bits(biased(x)->value, linear(x, biased.w, biased.b)->value));
  EXPECT_TRUE(same_bits(unbiased(x)->value, matmul(x, unbiased.w)->value));
}

TEST(LinearLayer, NamesTheShapeThatCameIn) {
  struct Net : Module {
    Linear fc, conv;
    explicit Net(Rng& rng)
        : fc(own("fc", Linear(8, 10, rng))),
          conv(own("conv", Linear(8, 10, rng, Bias::zero, WeightShape::conv1x1))) {}
  };
  Rng rng(0);
  const Net net(rng);
  for (const Shape& shape : {Shape{4, 2, 2, 9}, Shape{4, 9}, Shape{4, 2, 8}, Shape{8}})
    for (const Linear* layer : {&net.fc, &net.conv})
      EXPECT_TRUE(fails_saying(
          [&] { (*layer)(zeros(shape)); },
          {text("linear: input ", shape, " and weight "), "expected [N, 8] or [N, H, W, 8]"}))
          << shape;
}

TEST(BatchNormLayer, OwnsGammaBetaAndRunningStatistics) {
  const BatchNorm2d bn(5);
  EXPECT_EQ(state_of(bn), "weight [5]\nbias [5]\nrunning_mean [5]\nrunning_var [5]\n");
  EXPECT_EQ(bn.parameter_count(), 10);
  EXPECT_TRUE(same_bits(bn.gamma->value, full({5}, 1)));
  EXPECT_TRUE(same_bits(bn.beta->value, zeros({5})));
  EXPECT_TRUE(same_bits(bn.running_mean->value, zeros({5})));
  EXPECT_TRUE(same_bits(bn.running_var->value, full({5}, 1)));
}

TEST(BatchNormLayer, UsesTheBatchInTrainingAndRunningStatisticsInEvaluation) {
  Rng rng(0);
  const BatchNorm2d bn(3);
  const Var x = normal({4, 5, 5, 3}, rng, 2, 3);
  const Tensor evaluated = bn(x, Mode::eval)->value.clone();
  const Tensor trained = bn(x, Mode::train)->value.clone();
  EXPECT_FALSE(close(evaluated, trained, 0.1));
  EXPECT_FALSE(same_bits(bn.running_mean->value, zeros({3})));
  for (int step = 0; step < 200; step++) bn(x, Mode::train);
  const Tensor mean = bn.running_mean->value.clone();
  EXPECT_TRUE(close(bn(x, Mode::eval)->value, trained, 0.02))
      << "the running statistics converge to those of the only batch";
  EXPECT_TRUE(same_bits(bn.running_mean->value, mean)) << "evaluation does not change them";
}

TEST(DropoutLayer, IsTheIdentityInEvaluation) {
  Rng rng(0);
  const Dropout half(real(0.5));
  const Var x = normal({1000}, rng);
  EXPECT_TRUE(same_bits(half(x, Mode::eval)->value, x->value));
  EXPECT_FALSE(close(half(x, Mode::train)->value, x->value, 0.1));
  EXPECT_TRUE(half.state().empty());
}

TEST(DropoutLayer, KeepsTheMean) {
  const Dropout layer(real(0.3));
  const Var y = layer(full({100'000}, 1), Mode::train);
  EXPECT_NEAR(static_cast<double>(mean(y)->value.item()), 1, 0.01);
}

TEST(PoolLayers, ComputeTheirOperations) {
  Rng rng(0);
  const Var x = normal({2, 6, 6, 3}, rng);
  const Pool2dOptions o{.kernel = 3, .stride = 2, .pad = 1};
  EXPECT_TRUE(same_bits(MaxPool2d(o)(x)->value, max_pool2d(x, o)->value));
  EXPECT_TRUE(same_bits(AvgPool2d(o)(x)->value, avg_pool2d(x, o)->value));
}

TEST(InitialWeights, HaveTheVarianceOfTheirFormula) {
  Rng rng(0);
  const Shape shape{3, 3, 64, 96};
  EXPECT_NEAR(variance(he_normal(shape, 500, rng)) * 500, 2, 0.05);
  EXPECT_NEAR(variance(glorot_uniform(shape, 300, 200, rng)) * 500, 2, 0.05);
  EXPECT_NEAR(variance(fan_in_uniform(shape, 500, rng)) * 1500, 1, 0.03);
  EXPECT_LE(max_abs(glorot_uniform(shape, 300, 200, rng)), std::sqrt(6.0 / 500) * 1.000001);
  EXPECT_LE(max_abs(fan_in_uniform(shape, 500, rng)), std::sqrt(1.0 / 500) * 1.000001);
}

TEST(InitialWeights, OfLayersUseTheRightFan) {
  Rng rng(0);
  EXPECT_NEAR(variance(Conv2d(32, 64, 3, rng).w->value) * (9 * 64), 2, 0.08) << "He, fan-out";
  EXPECT_NEAR(variance(Conv2d(64, 64, 3, rng, {.groups = 4}).w->value) * (9 * 16), 2, 0.08)
      << "He, fan-out of a group";
  EXPECT_NEAR(variance(Linear(100, 200, rng).w->value) * 300, 1, 0.03);
  EXPECT_LE(max_abs(Linear(100, 200, rng).b->value), 0.1000001);
}

TEST(InitialWeights, DependOnTheSeedOnly) {
  const auto weight = [](long seed) {
    Rng rng(seed);
    return Conv2d(3, 4, 3, rng).w->value.clone();
  };
  EXPECT_TRUE(same_bits(weight(1), weight(1)));
  EXPECT_FALSE(close(weight(1), weight(2), 0.1));
}

}  // namespace
}  // namespace excite
