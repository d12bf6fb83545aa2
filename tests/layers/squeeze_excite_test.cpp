#include "layers/squeeze_excite.h"

#include "tests/support/compare.h"

namespace excite {
namespace {

TEST(SqueezeExcite, OwnsTwoLinearLayersOfTheReducedWidth) {
  Rng rng(0);
  const SqueezeExcite se(32, {.reduction = 16}, rng);
  std::vector<std::string> all;
  for (const Module::Entry& e : se.state()) all.push_back(text(e.name, " ", e.var.shape()));
  EXPECT_EQ(all, (std::vector<std::string>{"fc1.weight [32, 2]", "fc1.bias [2]",
                                           "fc2.weight [2, 32]", "fc2.bias [32]"}));
  EXPECT_EQ(SqueezeExcite(32, {.bias = Bias::none}, rng).state().size(), 2u);
}

TEST(SqueezeExcite, HasAtLeastTheMinimalHiddenWidth) {
  Rng rng(0);
  EXPECT_EQ(SqueezeExcite(8, {.reduction = 16}, rng).parameter_count(), 8 + 1 + 8 + 8);
  const SqueezeExciteOptions at_least_8{.reduction = 16, .min_hidden = 8};
  EXPECT_EQ(at_least_8.hidden(64), 8);
  EXPECT_EQ(at_least_8.hidden(256), 16);
}

// u sigmoid(W2 relu(W1 mean(u))), computed with plain loops in double.
TEST(SqueezeExcite, MatchesItsDefinition) {
  Rng rng(1);
  const SqueezeExcite se(4, {.reduction = 2}, rng);
  se.reduce.b->value = zeros({2});  // so that some hidden numbers are below 0
  const Var u = normal({3, 5, 6, 4}, rng);
  std::vector<double> expected;
  for (long n = 0; n < 3; n++) {
    double mean[4] = {}, hidden[2] = {}, gate[4] = {};
    for (long i = 0; i < 120; i++) mean[i % 4] += static_cast<double>(u->value[n * 120 + i]) / 30;
    const auto at = [](const Var& w, long i) { return static_cast<double>(w->value[i]); };
    for (long h = 0; h < 2; h++) {
      hidden[h] = at(se.reduce.b, h);
      for (long c = 0; c < 4; c++) hidden[h] += mean[c] * at(se.reduce.w, c * 2 + h);
      hidden[h] = std::max(hidden[h], 0.0);
    }
    for (long c = 0; c < 4; c++)
      gate[c] =
          at(se.expand.b, c) + hidden[0] * at(se.expand.w, c) + hidden[1] * at(se.expand.w, 4 + c);
    for (long i = 0; i < 120; i++)
      expected.push_back(static_cast<double>(u->value[n * 120 + i]) / (1 + std::exp(-gate[i % 4])));
  }
  EXPECT_TRUE(close(se(u)->value, tensor_of(u.shape(), expected), in_double_build ? 1e-12 : 1e-5));
}

TEST(SqueezeExcite, GatesAreBetweenZeroAndOneAndChangeTheOutput) {
  Rng rng(2);
  const SqueezeExcite se(16, {.reduction = 4}, rng);
  const Var u = normal({5, 3, 3, 16}, rng, 0, 3);
  const Var gates = se.excite(global_avg_pool(u));
  EXPECT_EQ(gates.shape(), (Shape{5, 16}));
  for (const real g : gates->value) EXPECT_TRUE(g > 0 && g < 1) << g;
  EXPECT_FALSE(close(se(u)->value, u->value, 0.1));
  EXPECT_FALSE(close(se.excite(global_avg_pool(scale(u, 2)))->value, gates->value, 1e-3))
      << "the gates depend on the channels";
}

TEST(SqueezeExcite, DrawsTheSameWeightsFromANamedStreamAndATemporaryOne) {
  Rng named(4);
  EXPECT_TRUE(same_bits(SqueezeExcite(32, {}, named).reduce.w->value,
                        SqueezeExcite(32, {}, Rng(4)).reduce.w->value));
}

// The variants in tables 11, 12 and 16 of the paper, computed operation by operation.
TEST(SqueezeExcite, SupportsOtherSqueezesAndActivations) {
  Rng rng(3);
  const Var u = normal({2, 3, 4, 8}, rng);
  const auto block = [](const SqueezeExciteOptions& o) {
    Rng same(4);
    return SqueezeExcite(8, o, same);
  };
  const SqueezeExcite se = block({.reduction = 2});
  const auto excite = [&](const Var& z) { return se.expand(relu(se.reduce(z))); };
  EXPECT_TRUE(same_bits(block({.reduction = 2, .squeeze = Squeeze::max})(u)->value,
                        scale_channels(u, sigmoid(excite(global_max_pool(u))))->value));
  EXPECT_TRUE(same_bits(block({.reduction = 2, .activation = relu})(u)->value,
                        scale_channels(u, relu(excite(global_avg_pool(u))))->value));
  EXPECT_TRUE(same_bits(block({.reduction = 2, .activation = tanh})(u)->value,
                        scale_channels(u, tanh(excite(global_avg_pool(u))))->value));
}

// A network then has the same other weights with and without the block.
TEST(SqueezeExcite, DrawsFromAStreamOfItsOwn) {
  Rng rng(0), same(0);
  const SqueezeExcite se(8, {.reduction = 2}, rng);
  EXPECT_EQ(rng.bits(), same.bits());
  const SqueezeExcite next(8, {.reduction = 2}, rng);
  EXPECT_FALSE(same_bits(se.reduce.w->value, next.reduce.w->value));
}

// The control: learned gates that are the same for every image.
TEST(SqueezeExcite, OfOnesHasLearnedGatesThatDoNotDependOnTheImage) {
  Rng rng(4);
  const SqueezeExcite se(8, {.reduction = 2, .squeeze = Squeeze::ones}, rng);
  const Var u = parameter(normal({2, 3, 4, 8}, rng)), other = normal({2, 3, 4, 8}, rng);
  const Var gates = se.excite(full({2, 8}, 1));
  EXPECT_TRUE(same_bits(se(u)->value, scale_channels(u, gates)->value));
  EXPECT_TRUE(same_bits(se(other)->value, scale_channels(other, gates)->value));
  backward(sum(se(u)));
  for (const Var& p : se.parameters()) EXPECT_FALSE(p->grad.empty());
}

TEST(SqueezeExcite, WithoutASqueezeTreatsEachPixelAsAnImage) {
  Rng rng(5);
  const Var u = normal({2, 3, 4, 8}, rng), pixels = reshape(u, {24, 1, 1, 8});
  for (const WeightShape weights : {WeightShape::matrix, WeightShape::conv1x1})
    for (const Bias bias : {Bias::none, Bias::uniform}) {
      const SqueezeExcite se(
          8, {.reduction = 2, .bias = bias, .weights = weights, .squeeze = Squeeze::none}, rng);
      const Var expected = scale_channels(pixels, se.excite(global_avg_pool(pixels)));
      EXPECT_TRUE(
          close(se(u)->value, reshape(expected, u.shape())->value, in_double_build ? 1e-14 : 1e-6));
    }
}

TEST(SqueezeExcite, GivesTheSameResultWith1x1Convolutions) {
  Rng rng(6), one(7), other(7);
  const Var u = normal({2, 3, 4, 8}, rng);
  const SqueezeExcite linear(8, {.reduction = 2}, one),
      conv(8, {.reduction = 2, .weights = WeightShape::conv1x1}, other);
  EXPECT_EQ(conv.reduce.w.shape(), (Shape{1, 1, 8, 4}));
  EXPECT_TRUE(close(conv(u)->value, linear(u)->value, in_double_build ? 1e-14 : 1e-6));
}

}  // namespace
}  // namespace excite
