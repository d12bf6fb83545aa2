// The engine: what is recorded, and how backward walks it.
#include "autograd/var.h"
#include "autograd/hooks.h"

#include <gtest/gtest.h>

#include <string>

#include "autograd/ops.h"
#include "core/kernels/elementwise.h"
#include "core/memory.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

Var one(real v) { return parameter(full({}, v)); }

TEST(Var, WithoutANodeIsAnErrorThatSaysWhatToDo) {
  const Var none;
  EXPECT_FALSE(none);
  const std::vector<std::string> words = {"this Var has no node", "moved from", "assign a tensor"};
  EXPECT_TRUE(fails_saying([&] { relu(none); }, words));
  EXPECT_TRUE(fails_saying([&] { add(one(1), none); }, words));
  EXPECT_TRUE(fails_saying([&] { none.shape(); }, words));
  EXPECT_TRUE(fails_saying([&] { none.requires_grad(); }, words));
  EXPECT_TRUE(fails_saying([&] { none.add_grad(zeros({})); }, words));
  EXPECT_TRUE(fails_saying([&] { (*none).grad = zeros({}); }, words));
  EXPECT_TRUE(fails_saying([&] { backward(none); }, words));
}

TEST(Var, ItemIsTheOnlyNumber) {
  EXPECT_EQ(one(2.5).item(), 2.5);
  EXPECT_TRUE(fails_saying([] { Var(zeros({2})).item(); }, {"[2]"}));
}

// A guard that still exists is the usual reason: it was made for an evaluation in the same scope.
TEST(Backward, SaysWhetherANoGradGuardIsTheReason) {
  const Var w = one(2);
  EXPECT_TRUE(
      fails_saying([&] { backward(exp(Var(full({}, 1)))); },
                   {"backward: exp [] does not depend on anything that requires a gradient",
                    "computed under a NoGrad guard, or have all parameters requires_grad"}));
  Var y;
  const NoGrad guard;
  y = exp(w);
  EXPECT_TRUE(
      fails_saying([&] { backward(y); }, {"a NoGrad guard exists on this thread; end its"}));
}

TEST(Backward, OfAnOperationMayAddToItsInputsAlone) {
  const Var a = one(2), b = one(3), c = 2 * b;
  const Var y = result("prod", full({}, 12), {a}, [=](Node& node) {
    a.add_grad(map([&](real d) { return d * c->value.item(); }, node.grad));
    c.add_grad(map([&](real d) { return d * a->value.item(); }, node.grad));
  });
  EXPECT_TRUE(
      fails_saying([&] { backward(y); }, {"the backward of prod adds a gradient to scale []",
                                          "missing in the inputs that it passed to result(...)"}));
  EXPECT_NO_THROW(b.add_grad(full({}, 1))) << "no backward is running any more";
}

// As fused operations do (autograd/fused): after the inner graph, the outer operation goes on.
TEST(Backward, MayRunThatOfAnInnerGraph) {
  const Var a = one(2);
  const Var y = result("outer", full({}, 4), {a}, [=](Node& node) {
    const Var inner = one(2);
    backward(mul(inner, inner));
    a.add_grad(map([](real d, real g) { return d * g; }, node.grad, inner->grad));
  });
  backward(y);
  EXPECT_EQ(a->grad.item(), 4);
}

TEST(Backward, NamesAnOperationForInferenceOnly) {
  const Var w = one(2), y = result("folded", full({}, 3), {w}, {});
  EXPECT_TRUE(fails_saying([&] { backward(scale(y, 2)); },
                           {"backward: folded [] is an operation for inference only"}));
}

// The example of autograd/README.md.
TEST(Backward, MatchesTheExampleInTheChapter) {
  const Var w = one(2), x = one(1), b = one(-1);
  const Var y = sigmoid(add(mul(w, x), b));
  EXPECT_NEAR(y->value.item(), 0.7311, 5e-5);
  backward(y);
  EXPECT_NEAR(w->grad.item(), 0.1966, 5e-5);
  EXPECT_NEAR(x->grad.item(), 0.3932, 5e-5);
  EXPECT_NEAR(b->grad.item(), 0.1966, 5e-5);
}

// The numbers in autograd/graph.svg, which have two decimals.
TEST(Backward, MatchesTheFigureInTheChapter) {
  const Var x = Tensor({1, 2}, {1, 2});
  const Var w1 = parameter(Tensor({2, 2}, {1, 1, 1, -1})), b1 = parameter(zeros({2})),
            w2 = parameter(Tensor({2, 2}, {1, 0, 0, 1})), b2 = parameter(Tensor({2}, {0, 2}));
  const Var z1 = linear(x, w1, b1), h = relu(z1), z2 = linear(h, w2, b2);
  const Var loss = cross_entropy(z2, {1});
  EXPECT_TRUE(same_bits(z1->value, Tensor({1, 2}, {3, -1})));
  EXPECT_TRUE(same_bits(h->value, Tensor({1, 2}, {3, 0})));
  EXPECT_TRUE(same_bits(z2->value, Tensor({1, 2}, {3, 2})));
  EXPECT_NEAR(loss->value.item(), 1.31, 0.005);
  backward(loss);
  const double two_decimals = 0.005 / 0.73;  // close() compares relative to the largest number
  EXPECT_TRUE(close(b2->grad, tensor_of({2}, {0.73, -0.73}), two_decimals));
  EXPECT_TRUE(close(w2->grad, tensor_of({2, 2}, {2.19, -2.19, 0, 0}), two_decimals));
  EXPECT_TRUE(close(b1->grad, tensor_of({2}, {0.73, 0}), two_decimals));
  EXPECT_TRUE(close(w1->grad, tensor_of({2, 2}, {0.73, 0, 1.46, 0}), two_decimals));
  EXPECT_TRUE(x->grad.empty());
}

TEST(Backward, SumsTheGradientsOfAllUsesOfANode) {
  const Var x = one(3);
  const Var square = mul(x, x);
  backward(add(mul(square, x), mul(square, square)));  // of x^3 + x^4
  EXPECT_EQ(x->grad.item(), 3 * 9 + 4 * 27);
}

TEST(Backward, AccumulatesInLeavesOverSeveralGraphs) {
  const Var x = one(3);
  backward(mul(x, x));
  backward(scale(x, 10));
  EXPECT_EQ(x->grad.item(), 16);
}

TEST(Backward, AcceptsACotangentOfAnyShape) {
  const Var x = parameter(Tensor({2}, {3, 5}));
  backward(mul(x, x), Tensor({2}, {1, -10}));
  EXPECT_EQ(x->grad[0], 6);
  EXPECT_EQ(x->grad[1], -100);
}

TEST(Backward, SkipsInputsThatRequireNoGradient) {
  const Var x = one(3), data(full({}, 4));
  backward(mul(x, data));
  EXPECT_EQ(x->grad.item(), 4);
  EXPECT_TRUE(data->grad.empty());
}

TEST(Backward, FreesTheGraphAndRefusesASecondCall) {
  const Var x = one(3), square = mul(x, x), y = exp(square);
  backward(y);
  EXPECT_TRUE(y->inputs.empty());
  EXPECT_FALSE(y->backward);
  EXPECT_TRUE(y->grad.empty());
  EXPECT_TRUE(fails_saying([&] { backward(y); }, {"exp []: an earlier call has freed its graph"}));
  EXPECT_TRUE(fails_saying([&] { backward(scale(square, 2)); },
                           {"leads to mul [], whose graph an earlier call has freed"}));
}

TEST(Backward, RequiresOneNumberOrACotangentOfTheSameShape) {
  const Var x = parameter(zeros({2, 3}));
  EXPECT_TRUE(
      fails_saying([&] { backward(exp(x)); }, {"the loss has shape [2, 3], expected one number"}));
  EXPECT_TRUE(fails_saying(
      [&] {
        backward(exp(x), zeros({3, 2}));
      },
      {"a gradient of shape [3, 2] flows into exp, whose value has shape [2, 3]"}));
  EXPECT_TRUE(fails_saying([&] { backward(exp(zeros({}))); },
                           {"exp [] does not depend on anything that requires a gradient"}));
}

TEST(Backward, ReportsBothShapesWhenAGradientHasTheWrongOne) {
  const Var x = parameter(zeros({2, 3}));
  x->name = "fc.weight";
  const Var y = result("bad", zeros({}), {x}, [=](Node&) { x.add_grad(zeros({6})); });
  EXPECT_TRUE(
      fails_saying([&] { backward(y); },
                   {"a gradient of shape [6] flows into fc.weight, whose value has shape [2, 3]"}));
}

TEST(Backward, SkipsNodesThatReceiveNoGradient) {
  const Var x = one(3), y = one(4);
  bool called = false;
  const Var unused = result("unused", full({}, 0), {x}, [&](Node&) { called = true; });
  backward(result("first", full({}, 0), {y, unused},
                  [=](Node& node) { y.add_grad(std::move(node.grad)); }));
  EXPECT_FALSE(called);
  EXPECT_TRUE(x->grad.empty());
}

TEST(Backward, FreesNodesThatReceiveNoGradient) {
  const Var x = one(3), y = one(4), unused = exp(x);
  backward(result("first", full({}, 0), {y, unused},
                  [=](Node& node) { y.add_grad(std::move(node.grad)); }));
  EXPECT_TRUE(unused->released);
  EXPECT_TRUE(unused->inputs.empty());
  EXPECT_FALSE(unused->backward);
}

// So the memory of a layer is free before the gradient of the layer before it is computed.
TEST(Backward, FreesEachNodeBeforeTheTurnOfTheNext) {
  std::vector<long> live;
  Var y = parameter(zeros({1000}));
  for (int i = 0; i < 8; i++) y = tanh(y);
  const auto remember = [&](Node&) { live.push_back(memory_stats().live); };
  backward(std::exchange(y, Var()), full({1000}, 1), {.before = remember, .after = {}});
  ASSERT_EQ(live.size(), 8u);
  for (std::size_t i = 3; i < live.size(); i++) EXPECT_LT(live[i], live[i - 1]) << i;
}

TEST(Backward, CallsHooksForEachNodeNewestFirst) {
  const Var x = one(3);
  std::string seen;
  const BackwardHooks hooks{[&](Node& node) { seen += std::string("<") + node.op; },
                            [&](Node& node) { seen += std::string(">") + node.op; }};
  backward(exp(scale(x, 2)), full({}, 1), hooks);
  EXPECT_EQ(seen, "<exp>exp<scale>scale");
}

// ---- what is recorded ----

TEST(Result, RecordsNothingIfNoInputRequiresAGradient) {
  const Var x(full({}, 3));
  const Var y = exp(mul(x, x));
  EXPECT_FALSE(y.requires_grad());
  EXPECT_TRUE(y->inputs.empty());
  EXPECT_FALSE(y->backward);
}

TEST(Graph, IsInOrderOfComputation) {
  const Var x = one(3), square = mul(x, x), y = add(exp(square), square);
  std::string ops;
  for (const Var& node : graph(y)) ops += std::string(node->op) + " ";
  EXPECT_EQ(ops, "leaf mul exp add ");
}

// ---- depth ----

Var chain(const Var& x, long length) {
  Var y = x;
  for (long i = 0; i < length; i++)
    y = result("copy", full({}, 1), {y}, [y](Node& node) { y.add_grad(std::move(node.grad)); });
  return y;
}

TEST(Engine, DifferentiatesAChainOfAMillionOperations) {
  const Var x = one(3);
  backward(chain(x, 1'000'000));
  EXPECT_EQ(x->grad.item(), 1);
}

TEST(Engine, FreesAChainOfAMillionOperationsWithoutBackward) {
  const Var x = one(3);
  { const Var y = chain(x, 1'000'000); }
  EXPECT_TRUE(x->grad.empty());
}

TEST(Engine, LeaksNoMemory) {
  const Var x = one(3);
  const long before = memory_stats().live;
  { const Var y = chain(x, 1000); }
  EXPECT_EQ(memory_stats().live, before);
  backward(chain(x, 1000));
  x->grad = Tensor();
  EXPECT_EQ(memory_stats().live, before);
}

// ---- names for messages ----

TEST(LayerOf, IsThatOfTheNearestParameter) {
  const Var w = parameter(zeros({2, 2})), b = parameter(zeros({2}));
  w->name = "layer1.0.fc.weight";
  b->name = "layer1.1.bias";
  const Var product = matmul(zeros({1, 2}), w);
  const Var y = relu(product), z = add_bias(y, b);
  EXPECT_EQ(layer_of(*product), "layer1.0.fc");
  EXPECT_EQ(layer_of(*y), "after layer1.0.fc");
  EXPECT_EQ(layer_of(*z), "layer1.1");
  EXPECT_EQ(layer_of(*exp(one(1))), "");
}

TEST(NoGrad, RecordsNothingAndDoesNotChangeParameters) {
  const Var w = parameter(zeros({2}));
  {
    const NoGrad outer;
    {
      const NoGrad inner;
      EXPECT_FALSE(exp(w).requires_grad());
    }
    EXPECT_FALSE(exp(w).requires_grad())
        << "the outer guard is still active after the inner one has ended";
    EXPECT_TRUE(exp(w)->inputs.empty());
    EXPECT_TRUE(w.requires_grad());
  }
  EXPECT_TRUE(exp(w).requires_grad());
}

}  // namespace
}  // namespace excite
