// Every block's fused implementation equals its definition, `forward`: in training the value, the
// gradients and the running statistics; in inference, where batch norm is folded into the
// convolutions, the value.
#include "layers/conv_bn.h"

#include <functional>

#include "layers/fused/folded.h"
#include "tests/support/block_results.h"

namespace excite {
namespace {

// Three convolutions, 1x1 with a bias, 3x3 and 1x1, and squeeze-and-excitation, with random
// statistics and factors.
struct Layers : Module {
  ConvNorm a, b, c;
  SqueezeExcite se;
  Layers(const SqueezeExciteOptions& o, Rng& rng)
      : a{own("conv1", Conv2d(10, 9, 1, rng, {}, Bias::uniform)), own("bn1", BatchNorm2d(9))},
        b{own("conv2", Conv2d(9, 9, 3, rng, {.pad = 1})), own("bn2", BatchNorm2d(9))},
        c{own("conv3", Conv2d(9, 12, 1, rng)), own("bn3", BatchNorm2d(12))},
        se(own("se", SqueezeExcite(12, o, rng))) {
    randomize_batch_norms(*this, rng);
  }
};

using Composed = std::function<Var(const Layers&, const Var& x, const Var& shortcut, Mode)>;

BlockResults results(const Composed& f, Mode mode, const SqueezeExciteOptions& o) {
  Rng rng(0);
  const Layers layers(o, rng);
  return block_results(layers, {{3, 6, 5, 10}, {3, 6, 5, 12}}, mode,
                       [&](const std::vector<Var>& in) { return f(layers, in[0], in[1], mode); });
}

// The gradient of a bias before a batch norm is zero in theory. What is left is rounding.
void expect_fused_equals_definition(const std::string& what, const Composed& f,
                                    const SqueezeExciteOptions& o = {}) {
  FoldedLayers folded;
  for (const Mode mode : {Mode::train, Mode::eval}) {
    const auto with = [&](const Implementation& used) {
      const UseImplementation use(used);
      return results(f, mode, o);
    };
    expect_close(with({.folded = &folded}), with({.fused = false}), {"conv1.bias"},
                 what + (mode == Mode::train ? ", training" : ", inference"));
  }
}

TEST(Blocks, FusedImplementationsEqualTheirDefinitions) {
  expect_fused_equals_definition("norm_relu",
                                 [](const Layers& l, const Var&, const Var& shortcut, Mode m) {
                                   return norm_relu(l.c.bn, shortcut, m);
                                 });
  expect_fused_equals_definition(
      "ConvNorm", [](const Layers& l, const Var& x, const Var&, Mode m) { return l.a(x, m); });
  expect_fused_equals_definition(
      "conv_norm_relu",
      [](const Layers& l, const Var& x, const Var&, Mode m) { return conv_norm_relu(l.a, x, m); });
  expect_fused_equals_definition("ResidualEnd of one convolution",
                                 [](const Layers& l, const Var& x, const Var&, Mode m) {
                                   return ResidualEnd({l.b}, nullptr, l.a(x, m))(l.a(x, m), m);
                                 });
  expect_fused_equals_definition("ResidualEnd without an SE block",
                                 [](const Layers& l, const Var& x, const Var& shortcut, Mode m) {
                                   return ResidualEnd({l.a, l.b, l.c}, nullptr, shortcut)(x, m);
                                 });
}

TEST(Blocks, TheEndOfAResidualBlockEqualsItsDefinitionWithEverySqueezeExciteOption) {
  const Composed end = [](const Layers& l, const Var& x, const Var& shortcut, Mode m) {
    return ResidualEnd({l.a, l.b, l.c}, &l.se, shortcut)(x, m);
  };
  for (const Squeeze squeeze : {Squeeze::mean, Squeeze::max, Squeeze::none, Squeeze::ones})
    for (const auto activation : {sigmoid, relu, tanh})
      for (const WeightShape weights : {WeightShape::matrix, WeightShape::conv1x1})
        for (const Bias bias : {Bias::uniform, Bias::none})
          expect_fused_equals_definition(
              text("squeeze ", static_cast<int>(squeeze), ", weights ", static_cast<int>(weights),
                   ", bias ", static_cast<int>(bias)),
              end,
              {.reduction = 3,
               .bias = bias,
               .weights = weights,
               .squeeze = squeeze,
               .activation = activation});
}

// ---- the choice ----

// Its definition returns x, its fused implementation 2 x.
struct Doubling : Block<Doubling> {
  Var forward(const Var& x, Mode) const { return x; }
};
Var fused_forward(const Doubling&, const Var& x, Mode) { return scale(x, 2); }

TEST(Blocks, TheImplementationInUseDecidesWhichOneRuns) {
  const Var x = full({1}, 1);
  const auto runs_fused = [&](const Implementation& used, Mode mode) {
    const UseImplementation use(used);
    return Doubling()(x, mode)->value[0] == 2;
  };
  FoldedLayers folded;
  EXPECT_TRUE(runs_fused({}, Mode::train));
  EXPECT_FALSE(runs_fused({}, Mode::eval)) << "evaluation may record a graph";
  EXPECT_TRUE(runs_fused({.folded = &folded}, Mode::eval));
  for (const Mode mode : {Mode::train, Mode::eval}) {
    EXPECT_FALSE(runs_fused({.fused = false, .folded = &folded}, mode));
    EXPECT_FALSE(runs_fused({.conv = Conv2dAlgorithm::blas, .folded = &folded}, mode));
  }
  EXPECT_TRUE(implementation().fused && !implementation().folded) << "the outer one is back";
}

}  // namespace
}  // namespace excite
