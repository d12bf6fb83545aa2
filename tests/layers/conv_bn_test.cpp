// Fused and folded layers give the same results as the formulas in their comments, computed
// operation by operation: in training the value, gradients and running statistics, in evaluation
// the value.
#include "layers/conv_bn.h"

#include <functional>

#include "tests/support/compare.h"

namespace excite {
namespace {

constexpr double tolerance = in_double_build ? 1e-11 : 1e-4;

// Three convolutions, 1x1 with a bias, 3x3 and 1x1, with random statistics and factors.
struct Layers {
  std::vector<ConvNorm> chain;
  SqueezeExcite se;
  explicit Layers(Rng rng) : se(12, {}, rng) {
    chain.push_back({Conv2d(10, 9, 1, rng, {}, Bias::uniform), BatchNorm2d(9)});
    chain.push_back({Conv2d(9, 9, 3, rng, {.pad = 1}), BatchNorm2d(9)});
    chain.push_back({Conv2d(9, 12, 1, rng), BatchNorm2d(12)});
    for (const ConvNorm& c : chain) {
      const Shape& channels = c.bn.gamma.shape();
      c.bn.gamma->value = normal(channels, rng), c.bn.beta->value = normal(channels, rng);
      c.bn.running_mean->value = normal(channels, rng),
      c.bn.running_var->value = uniform(channels, rng, real(0.5), 2);
    }
  }
};

using Composed = std::function<Var(const Layers&, const Var& x, const Var& shortcut, Mode)>;

std::vector<Tensor> results(const Composed& f, Mode mode) {
  const Layers layers{Rng(0)};
  Rng rng(1);
  const Var x = parameter(normal({3, 6, 5, 10}, rng)),
            shortcut = parameter(normal({3, 6, 5, 12}, rng));
  const Var y = f(layers, x, shortcut, mode);
  std::vector<Tensor> all;
  all.push_back(y->value.clone());
  if (!mode.training()) return all;
  backward(y, normal(y.shape(), rng));
  std::vector<Var> inputs{x, shortcut};
  for (const ConvNorm& c : layers.chain)
    for (const Var& v : {c.conv.w, c.conv.b, c.bn.gamma, c.bn.beta}) inputs.push_back(v);
  for (const Var& v : layers.se.parameters()) inputs.push_back(v);
  for (const Var& v : inputs) all.push_back(v && !v->grad.empty() ? v->grad.clone() : Tensor());
  for (const ConvNorm& c : layers.chain)
    all.push_back(c.bn.running_mean->value.clone()), all.push_back(c.bn.running_var->value.clone());
  return all;
}

// The gradient of a bias before a batch norm is zero in theory. What is left is rounding, so it is
// not compared.
void expect_equal(const std::vector<Tensor>& actual, const std::vector<Tensor>& expected,
                  const std::string& what) {
  constexpr std::size_t bias_before_norm = 4;
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); i++) {
    ASSERT_EQ(actual[i].shape(), expected[i].shape()) << what << ", result " << i;
    const bool compared = i != bias_before_norm && !actual[i].empty();
    EXPECT_TRUE(!compared || close(actual[i], expected[i], tolerance)) << what << ", result " << i;
  }
}

TEST(ConvBn, FusedAndFoldedLayersEqualTheirFormulas) {
  const std::vector<std::pair<std::string, Composed>> all{
      {"norm_relu", [](const Layers& l, const Var&, const Var& shortcut,
                       Mode m) { return norm_relu(l.chain[2].bn, shortcut, m); }},
      {"conv_norm", [](const Layers& l, const Var& x, const Var&,
                       Mode m) { return conv_norm(l.chain[0], x, m); }},
      {"conv_norm_relu", [](const Layers& l, const Var& x, const Var&,
                            Mode m) { return conv_norm_relu(l.chain[0], x, m); }},
      {"chain_norm",
       [](const Layers& l, const Var& x, const Var&, Mode m) { return chain_norm(l.chain, x, m); }},
      {"chain_norm_relu", [](const Layers& l, const Var& x, const Var&,
                             Mode m) { return chain_norm_relu(l.chain, x, m); }},
      {"chain_add_relu", [](const Layers& l, const Var& x, const Var& shortcut,
                            Mode m) { return chain_add_relu(l.chain, x, shortcut, m); }},
      {"chain_excite_add_relu", [](const Layers& l, const Var& x, const Var& shortcut, Mode m) {
         return chain_excite_add_relu(l.chain, l.se, x, shortcut, m);
       }}};
  for (const auto& [name, f] : all) {
    expect_equal(results(f, Mode::train), results(f, Mode::train_plain), name + ", trained");
    FoldedLayers folded;
    expect_equal(results(f, Mode{Mode::Kind::evaluate, &folded}), results(f, Mode::evaluate),
                 name + ", folded");
  }
}

}  // namespace
}  // namespace excite
