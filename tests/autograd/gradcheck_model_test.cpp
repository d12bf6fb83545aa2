// check_model_gradient.
#include <gtest/gtest.h>

#ifdef EXCITE_DOUBLE

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "core/check.h"
#include "core/kernels/elementwise.h"
#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

bool mentions(const GradcheckReport& report, const std::string& words) {
  return text(report).find(words) != std::string::npos;
}

struct Net {
  Rng rng{5};
  Var w1 = parameter(normal({3, 8}, rng)), b1 = parameter(normal({8}, rng)),
      w2 = parameter(normal({8, 2}, rng)), b2 = parameter(normal({2}, rng));
  Tensor x = normal({4, 3}, rng);
  Var loss() const {
    return cross_entropy(linear(relu(linear(x.clone(), w1, b1)), w2, b2), {0, 1, 1, 0}, real(0.1));
  }
  std::vector<std::pair<std::string, Var>> parameters() const {
    return {{"fc1.weight", w1}, {"fc1.bias", b1}, {"fc2.weight", w2}, {"fc2.bias", b2}};
  }
};

TEST(ModelGradcheck, ComparesTwentyElementsOfEachParameterAndTwentyDirections) {
  const Net net;
  const auto report = check_model_gradient([&] { return net.loss(); }, net.parameters());
  EXPECT_TRUE(report.ok) << report;
  EXPECT_EQ(report.checked + report.kinks, 20 + 8 + 16 + 2 + 20);
}

TEST(ModelGradcheck, RestoresValuesAndClearsGradients) {
  const Net net, copy;
  check_model_gradient([&] { return net.loss(); }, net.parameters());
  for (std::size_t i = 0; i < 4; i++) {
    const Var x = net.parameters()[i].second, same = copy.parameters()[i].second;
    EXPECT_TRUE(x.requires_grad());
    EXPECT_TRUE(x->grad.empty());
    EXPECT_TRUE(same_bits(x->value, same->value));
  }
}

TEST(ModelGradcheck, RestoresValuesIfTheFunctionThrows) {
  const Net net, copy;
  int calls = 0;
  const auto f = [&] {
    require(++calls < 4, "the fourth call fails");
    return net.loss();
  };
  EXPECT_TRUE(mentions(check_model_gradient(f, net.parameters()), "the fourth call fails"));
  EXPECT_TRUE(same_bits(net.w1->value, copy.w1->value));
}

TEST(ModelGradcheck, ReportsAnyStandardException) {
  const Net net, copy;
  int calls = 0;
  const auto f = [&] {
    if (++calls == 4) throw std::out_of_range("the fourth call is out of range");
    return net.loss();
  };
  EXPECT_TRUE(
      mentions(check_model_gradient(f, net.parameters()), "the fourth call is out of range"));
  EXPECT_TRUE(same_bits(net.w1->value, copy.w1->value));
}

// The identity, with a gradient that is wrong by a factor.
Var wrong_by(const Var& x, real factor) {
  return result("wrong", x->value.clone(), {x},
                [=](Node& y) { x.add_grad(map([=](real dy) { return factor * dy; }, y.grad)); });
}

TEST(ModelGradcheck, NamesTheParameterWithAWrongGradient) {
  const Net net;
  const auto loss = [&] {
    const Var h = relu(linear(net.x.clone(), net.w1, wrong_by(net.b1, real(1.001))));
    return cross_entropy(linear(h, net.w2, net.b2), {0, 1, 1, 0});
  };
  const auto report = check_model_gradient(loss, net.parameters());
  EXPECT_FALSE(report.ok);
  EXPECT_TRUE(mentions(report, "fc1.bias [8], element [")) << report;
  EXPECT_TRUE(mentions(report, "direction ")) << report;
  EXPECT_FALSE(mentions(report, "fc1.weight")) << report;
  EXPECT_FALSE(mentions(report, "fc2")) << report;
}

TEST(ModelGradcheck, AcceptsZeroGradientsOnlyOfListedParameters) {
  const Net net;
  const auto loss = [&] {
    const Var h = linear(net.x.clone(), net.w1, net.b1);
    return linear(tanh(batch_norm(h, full({8}, 1), zeros({8}), zeros({8}), full({8}, 1))), net.w2,
                  net.b2);  // any output will do, not only a loss
  };
  const auto report = check_model_gradient(
      loss, net.parameters(),
      {.zero_gradient = [](const std::string& name) { return name == "fc1.bias"; }});
  EXPECT_TRUE(report.ok) << report;
  EXPECT_FALSE(check_model_gradient(
                   loss, net.parameters(),
                   {.zero_gradient = [](const std::string& name) { return name == "fc2.bias"; }})
                   .ok);
}

TEST(ModelGradcheck, FailsIfMoreThanOnePercentAreKinks) {
  const Var w = parameter(Tensor({3}, {1, 0, 2}));
  const auto report =
      check_model_gradient([&] { return sum(relu(w)); }, {{"w", w}}, {.directions = 7});
  EXPECT_FALSE(report.ok);
  EXPECT_EQ(report.checked + report.kinks, 10);
  EXPECT_TRUE(mentions(report, " of the 10 elements and directions are at a kink")) << report;
}

// Loose parameters have no name of their own.
TEST(ModelGradcheck, NamesTheParameterIntoWhichAGradientOfAWrongShapeFlows) {
  const Net net;
  const auto loss = [&] {
    const Var b = result("twice", map([](real v) { return 2 * v; }, net.b1->value), {net.b1},
                         [&](Node&) { net.b1.add_grad(zeros({2})); });
    return sum(linear(net.x.clone(), net.w1, b));
  };
  const auto report = check_model_gradient(loss, {{"fc1.weight", net.w1}, {"fc1.bias", net.b1}});
  EXPECT_TRUE(
      mentions(report, "the backward of twice: a gradient of shape [2] flows into fc1.bias [8]"))
      << report;
  EXPECT_EQ(net.b1->name, "");
}

TEST(ModelGradcheck, ReportsAnUnusedParameter) {
  const Net net;
  const auto report = check_model_gradient(
      [&] { return add_bias(matmul(net.x.clone(), net.w1), net.b1); }, net.parameters());
  EXPECT_TRUE(mentions(report, "fc2.weight [8, 2] is not used")) << report;
}

}  // namespace
}  // namespace excite
#endif
