// Muon. The expected numbers are from its formula in PyTorch 1.13, in float64.
#include <gtest/gtest.h>

#include "autograd/optimizer.h"
#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

constexpr double rounding = in_double_build ? 1e-13 : 2e-6;

Tensor hashed(const Shape& shape, long a, long b) {
  Tensor t(shape);
  for (long i = 0; i < t.size(); i++) t[i] = static_cast<real>((a * i + b) % 17 - 8) / 8;
  return t;
}

TEST(Muon, MatchesThreeStepsOfItsFormulaInPyTorch) {
  const Var w = parameter(hashed({2, 1, 2, 3}, 5, 1)),
            bias = parameter(Tensor({3}, {real(0.5), -1, 2}));
  Muon muon({{"conv.weight", w, true}, {"bn.bias", bias, true}},
            {.momentum = 0.6, .others = {.momentum = 0.85, .weight_decay = 0.01}});
  for (int t = 0; t < 3; t++) {
    w.add_grad(hashed(w.shape(), 7, 3 * t + 2));
    bias.add_grad(hashed({3}, 3, t + 4));
    muon.step(0.24 * (1 - 0.25 * t));
  }
  EXPECT_TRUE(
      close(w->value,
            tensor_of(w.shape(), {-0.5500303831229789, -0.3736071420178922, 0.2746556532780177,
                                  0.821648090634824, -0.634519926934704, 0.27456374583702414,
                                  0.49003534293424217, -0.2947255677212787, -0.0938649055355314,
                                  0.33354832635551956, -0.7343204213963556, -0.43322643303687774}),
            rounding));
  EXPECT_TRUE(close(bias->value,
                    tensor_of({3}, {0.6165804123062895, -0.9854760893542847, 1.8997103462775693}),
                    rounding));
}

TEST(NewtonSchulz, MatchesItsFormulaInPyTorch) {
  EXPECT_TRUE(close(
      newton_schulz(hashed({4, 3}, 5, 3), 3),
      tensor_of({4, 3},
                {-0.20628794703081713, -0.07830156368492569, 0.740887579482084, -0.5517655976511944,
                 -0.5444936609806508, 0.21289070135516996, 0.54934160541715, -0.2659164154758341,
                 0.4300996570122, 0.20386395479677222, -0.7321085127715594, -0.09789722111471444}),
      rounding));
}

// Wide and tall alike: a product with a random unit vector keeps its norm, about.
TEST(NewtonSchulz, MakesAMatrixNearlyOrthogonal) {
  Rng rng(0);
  for (const auto& [rows, columns] : {std::pair(6l, 40l), {40l, 6l}}) {
    const Tensor x = newton_schulz(normal({rows, columns}, rng, 0, 100), 5);
    const bool tall = rows > columns;
    for (long i = 0; i < std::min(rows, columns); i++) {
      double squares = 0;
      for (long k = 0; k < std::max(rows, columns); k++)
        squares += std::pow(static_cast<double>(x[tall ? k * columns + i : i * columns + k]), 2);
      EXPECT_GT(std::sqrt(squares), 0.6);
      EXPECT_LT(std::sqrt(squares), 1.3);
    }
  }
  EXPECT_TRUE(fails_saying([] { newton_schulz(zeros({2, 3, 4}), 3); }, {"[2, 3, 4]", "a matrix"}));
}

TEST(Muon, ResumesFromItsStateWithTheSameBits) {
  const auto problem = [] {
    return std::vector<Parameter>{{"conv.weight", parameter(hashed({3, 3, 2, 4}, 5, 1)), true},
                                  {"fc.weight", parameter(hashed({4, 2}, 3, 1)), true}};
  };
  const auto add_gradients = [](const std::vector<Parameter>& all, int t) {
    for (const Parameter& p : all) p.var.add_grad(hashed(p.var.shape(), 7, t));
  };
  const std::vector<Parameter> a = problem(), b = problem();
  Optimizer straight = Muon(a), stopped = Muon(b);
  for (int t = 0; t < 2; t++) {
    add_gradients(a, t), add_gradients(b, t);
    step(straight, 0.1), step(stopped, 0.1);
  }
  Optimizer resumed = Muon(b);
  const NamedTensors from = state(stopped), to = state(resumed);
  ASSERT_EQ(to.size(), 2u);
  EXPECT_EQ(to[0].first, "optimizer.momentum.conv.weight");
  for (std::size_t i = 0; i < from.size(); i++) *to[i].second = from[i].second->clone();
  add_gradients(a, 2), add_gradients(b, 2);
  step(straight, 0.1), step(resumed, 0.1);
  for (std::size_t i = 0; i < a.size(); i++)
    EXPECT_TRUE(same_bits(a[i].var->value, b[i].var->value));
}

TEST(Muon, MultipliesTheRateByTheFactorOfTheParameter) {
  const auto after_a_step = [](double factor, double lr) {
    const Var w = parameter(hashed({3, 3, 2, 4}, 5, 1)), b = parameter(hashed({4}, 5, 1));
    Muon muon({{"conv.weight", w, true, factor}, {"bn.bias", b, true, factor}});
    w.add_grad(hashed(w.shape(), 7, 2)), b.add_grad(hashed({4}, 7, 2));
    muon.step(lr);
    return std::pair(w->value.clone(), b->value.clone());
  };
  const auto [w, b] = after_a_step(4, 0.0625);
  const auto [same_w, same_b] = after_a_step(1, 0.25);
  EXPECT_TRUE(same_bits(w, same_w));
  EXPECT_TRUE(same_bits(b, same_b));
}

TEST(Muon, ChangesNothingIfAGradientIsMissing) {
  const Var w = parameter(hashed({3, 3, 2, 4}, 5, 1)), b = parameter(hashed({4}, 5, 1));
  Muon muon({{"conv.weight", w, true}, {"bn.bias", b, true}});
  w.add_grad(hashed(w.shape(), 7, 2));
  EXPECT_TRUE(fails_saying([&] { muon.step(0.1); }, {"bn.bias", "no gradient"}));
  EXPECT_TRUE(same_bits(w->value, hashed({3, 3, 2, 4}, 5, 1)));
  EXPECT_TRUE(fails_saying<UsageError>(
      [&] {
        Muon({{"w", w, true}}, {.momentum = 1});
      },
      {"muon: momentum 1"}));
}

}  // namespace
}  // namespace excite
