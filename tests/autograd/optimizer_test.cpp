#include "autograd/optimizer.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>

#include "autograd/ops.h"
#include "core/check.h"
#include "core/parallel.h"
#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

constexpr double rounding = in_double_build ? 1e-13 : 1e-5;

// The loss sum of c (w b - a)^2 / 2. Its gradient depends on the current weights, so a mistake in
// one step shows in the next.
struct Problem {
  Var w = parameter(Tensor({3}, {real(0.5), real(-1.25), 2})),
      b = parameter(Tensor({1}, {real(0.75)}));
  const real a[3] = {1, 1, -1}, c[3] = {1, real(0.5), 2};

  std::vector<Parameter> parameters(bool b_decays) const {
    return {{"fc.weight", w, true}, {"fc.bias", b, b_decays}};
  }
  void add_gradients() const {
    Tensor dw({3}), db({1});
    db[0] = 0;
    for (long i = 0; i < 3; i++) {
      const real slope = c[i] * (w->value[i] * b->value[0] - a[i]);
      dw[i] = slope * b->value[0];
      db[0] += slope * w->value[i];
    }
    w.add_grad(std::move(dw));
    b.add_grad(std::move(db));
  }
  // Steps `first` to `last` - 1, with a decreasing learning rate.
  void train(Optimizer& optimizer, int first = 0, int last = 10) const {
    for (int t = first; t < last; t++) {
      add_gradients();
      step(optimizer, 0.1 * (1 - 0.05 * t));
    }
  }
  void expect(const std::array<double, 3>& w_expected, double b_expected) const {
    for (long i = 0; i < 3; i++) EXPECT_NEAR(w->value[i], w_expected[i], rounding);
    EXPECT_NEAR(b->value[0], b_expected, 3 * rounding);
  }
};

// ---- ten steps; expected values from torch.optim 1.13 in float64 ----

TEST(Sgd, MatchesPyTorchWithNesterovAndDecayOfWeights) {
  const Problem p;
  Optimizer sgd =
      Sgd(p.parameters(false), {.momentum = 0.9, .nesterov = true, .weight_decay = 0.01});
  p.train(sgd);
  p.expect({-0.2920153585449664, -0.26894585452374714, 0.30582001564273853}, -3.2638326510011018);
}

TEST(Sgd, MatchesPyTorchWithMomentumAndDecayOfAll) {
  const Problem p;
  Optimizer sgd =
      Sgd(p.parameters(true), {.momentum = 0.9, .nesterov = false, .weight_decay = 0.01});
  p.train(sgd);
  p.expect({-0.11003693306868222, -0.026799841502951095, 0.49685155340611853}, -2.0693508517146917);
}

TEST(Sgd, MatchesPyTorchWithoutMomentum) {
  const Problem p;
  Optimizer sgd = Sgd(p.parameters(true), {.momentum = 0, .nesterov = false});
  p.train(sgd);
  p.expect({0.15356112087373813, -1.2422276250527626, 1.7231264571749771}, -0.5664674283412604);
}

TEST(AdamW, MatchesPyTorchWithDecayOfWeights) {
  const Problem p;
  Optimizer adamw = AdamW(p.parameters(false), {.weight_decay = 0.1});
  p.train(adamw);
  p.expect({1.15936070896113, -0.5057412528137152, 1.206398245611095}, 0.04175787521923959);
}

TEST(AdamW, MatchesPyTorchWithOtherBetasAndDecayOfAll) {
  const Problem p;
  Optimizer adamw =
      AdamW(p.parameters(true), {.beta1 = 0.8, .beta2 = 0.95, .eps = 1e-3, .weight_decay = 0.01});
  p.train(adamw);
  p.expect({1.194768743968661, -0.5970293223120796, 1.3483169186408022}, 0.05175962421642411);
}

// ---- two steps by hand ----

TEST(Sgd, MatchesTwoStepsByHand) {
  const Var w = parameter(Tensor({1}, {1}));
  Sgd sgd({{"w", w, true}}, {.momentum = 0.5, .nesterov = true, .weight_decay = 0.25});
  w.add_grad(Tensor({1}, {2}));
  sgd.step(0.5);  // g = 2 + 0.25 = 2.25, m = 2.25, w = 1 - 0.5 (2.25 + 1.125)
  EXPECT_EQ(w->value[0], real(-0.6875));
  EXPECT_EQ((*sgd.state()[0].second)[0], real(2.25));
  w.add_grad(Tensor({1}, {1}));
  sgd.step(
      0.25);  // g = 1 - 0.171875, m = 1.125 + 0.828125, w = -0.6875 - 0.25 (0.828125 + 0.9765625)
  EXPECT_EQ(w->value[0], real(-1.138671875));
}

// Without decay, the first step is lr for any gradient, because m / sqrt(v) is the gradient's sign.
TEST(AdamW, FirstStepEqualsTheLearningRate) {
  const Var w = parameter(Tensor({3}, {1, 1, 1}));
  AdamW adamw({{"w", w, false}}, {});
  w.add_grad(Tensor({3}, {real(1e-3), -2, 300}));
  adamw.step(0.01);
  EXPECT_NEAR(w->value[0], 0.99, 1e-6);
  EXPECT_NEAR(w->value[1], 1.01, 1e-6);
  EXPECT_NEAR(w->value[2], 0.99, 1e-6);
}

// ---- state ----

template <class Make>
void expect_resumable(const Make& make, const std::vector<std::string>& names) {
  const Problem uninterrupted, halted, resumed;
  Optimizer whole = make(uninterrupted), first = make(halted), second = make(resumed);
  uninterrupted.train(whole);
  halted.train(first, 0, 4);

  const NamedTensors from = state(first), to = state(second);
  ASSERT_EQ(to.size(), names.size());
  for (std::size_t i = 0; i < names.size(); i++) {
    EXPECT_EQ(from[i].first, names[i]);
    *to[i].second = from[i].second->clone();
  }
  resumed.w->value = halted.w->value.clone();
  resumed.b->value = halted.b->value.clone();
  resumed.train(second, 4);
  EXPECT_TRUE(same_bits(resumed.w->value, uninterrupted.w->value));
  EXPECT_TRUE(same_bits(resumed.b->value, uninterrupted.b->value));
}

TEST(Optimizer, ResumesFromItsStateWithTheSameBits) {
  expect_resumable(
      [](const Problem& p) { return Optimizer(Sgd(p.parameters(true), {.weight_decay = 0.01})); },
      {"optimizer.momentum.fc.weight", "optimizer.momentum.fc.bias"});
  expect_resumable([](const Problem& p) { return Optimizer(AdamW(p.parameters(true), {})); },
                   {"optimizer.step", "optimizer.m.fc.weight", "optimizer.m.fc.bias",
                    "optimizer.v.fc.weight", "optimizer.v.fc.bias"});
}

// A factor of the rate is the same as another rate for that parameter.
TEST(Optimizer, MultipliesTheRateByTheFactorOfTheParameter) {
  const auto after = [](bool adamw, double factor, double lr) {
    const Var w = parameter(Tensor({2}, {1, -2}));
    const std::vector<Parameter> all{{"w", w, true, factor}};
    Optimizer o = adamw ? Optimizer(AdamW(all)) : Optimizer(Sgd(all, {.weight_decay = 0.1}));
    for (int i = 0; i < 2; i++) {
      backward(sum(w * w));
      step(o, lr);
    }
    return w->value.clone();
  };
  for (const bool adamw : {false, true}) {
    EXPECT_TRUE(same_bits(after(adamw, 0.25, 0.5), after(adamw, 1, 0.125)));
    EXPECT_FALSE(same_bits(after(adamw, 0.25, 0.5), after(adamw, 1, 0.5)));
  }
}

TEST(Optimizer, ClearsTheGradients) {
  const Problem p;
  Optimizer sgd = Sgd(p.parameters(true), {}), adamw = AdamW(p.parameters(true), {});
  for (Optimizer* optimizer : {&sgd, &adamw}) {
    p.add_gradients();
    step(*optimizer, 0.1);
    EXPECT_TRUE(p.w->grad.empty());
    EXPECT_TRUE(p.b->grad.empty());
  }
}

TEST(Optimizer, NamesAParameterWithoutAGradient) {
  const Problem p;
  Optimizer sgd = Sgd(p.parameters(true), {}), adamw = AdamW(p.parameters(true), {});
  for (Optimizer* optimizer : {&sgd, &adamw})
    EXPECT_TRUE(fails_saying([&] { step(*optimizer, 0.1); }, {"fc.weight [3] has no gradient"}));
}

TEST(Optimizer, RefusesOptionsOutOfRange) {
  const Problem p;
  EXPECT_THROW(Sgd(p.parameters(true), {.momentum = 1}), UsageError);
  EXPECT_THROW(Sgd(p.parameters(true), {.momentum = -0.1}), UsageError);
  EXPECT_THROW(Sgd(p.parameters(true), {.momentum = 0, .nesterov = true}), UsageError);
  EXPECT_THROW(Sgd(p.parameters(true), {.weight_decay = -1}), UsageError);
  EXPECT_THROW(AdamW(p.parameters(true), {.beta1 = 1}), UsageError);
  EXPECT_THROW(AdamW(p.parameters(true), {.beta2 = -1}), UsageError);
  EXPECT_THROW(AdamW(p.parameters(true), {.eps = 0}), UsageError);
  EXPECT_THROW(AdamW(p.parameters(true), {.weight_decay = -1}), UsageError);
}

TEST(ClearGradients, LeavesNoneToAddTo) {
  const Problem p;
  p.add_gradients();
  clear_gradients(p.parameters(true));
  EXPECT_TRUE(p.w->grad.empty() && p.b->grad.empty());
  p.w.add_grad(Tensor({3}, {1, 2, 3}));
  EXPECT_EQ(p.w->grad[2], 3);
  clear_gradients({p.w, p.b});
  EXPECT_TRUE(p.w->grad.empty());
}

// ---- what cannot be a step ----

// Runs the test with either optimizer.
void with_each(const std::function<void(Optimizer&)>& test, const std::vector<Parameter>& all) {
  Optimizer sgd = Sgd(all, {}), adamw = AdamW(all, {});
  test(sgd);
  test(adamw);
}

TEST(Optimizer, RefusesALearningRateThatIsNoRate) {
  for (const double rate : {-0.1, std::nan(""), -std::nan(""), double(INFINITY)}) {
    const Problem p;
    const Tensor before = p.w->value.clone();
    p.add_gradients();
    with_each(
        [&](Optimizer& o) {
          EXPECT_TRUE(fails_saying<UsageError>([&] { step(o, rate); },
                                               {"optimizer: learning rate ", "of at least 0"}));
        },
        p.parameters(true));
    EXPECT_TRUE(same_bits(p.w->value, before));
  }
}

TEST(Optimizer, RefusesAParameterWhoseShapeHasChanged) {
  const Problem p;
  with_each(
      [&](Optimizer& o) {
        p.b->value = zeros({2000000}), p.b->grad = zeros({2000000});
        p.w->grad = zeros({3});
        const std::vector<std::string> words = {"fc.bias has shape [2000000] and its gradient ",
                                                "but it had [1]", "make the optimizer after"};
        EXPECT_TRUE(fails_saying([&] { step(o, 0.1); }, words));
        p.b->value = zeros({1});
        EXPECT_TRUE(fails_saying([&] { step(o, 0.1); }, {"its gradient [2000000]"}));
        EXPECT_FALSE(p.w->grad.empty()) << "nothing was changed";
      },
      p.parameters(true));
}

TEST(Optimizer, RefusesNoParametersAndOneTwice) {
  EXPECT_TRUE(fails_saying([] { Sgd({}, {}); }, {"no parameters to train", "own, weight or bias"}));
  EXPECT_TRUE(fails_saying([] { AdamW({}, {}); }, {"no parameters to train"}));
  const Problem p;
  std::vector<Parameter> twice = p.parameters(true);
  twice.push_back({"tied.weight", p.w, true});
  const std::vector<std::string> words = {
      "parameters 0 and 2, fc.weight and tied.weight, are the same one"};
  EXPECT_TRUE(fails_saying([&] { Sgd(twice, {}); }, words));
  EXPECT_TRUE(fails_saying([&] { AdamW(twice, {}); }, words));
}

TEST(Optimizer, SaysWhyAParameterHasNoGradient) {
  const Problem p;
  with_each(
      [&](Optimizer& o) {
        EXPECT_TRUE(fails_saying([&] { step(o, 0.1); },
                                 {"fc.weight [3] has no gradient, and neither has any of the 2 "
                                  "parameters; call backward before each step",
                                  "those of another optimizer"}));
        p.w->grad = zeros({3});
        EXPECT_TRUE(fails_saying([&] { step(o, 0.1); },
                                 {"fc.bias [1] has no gradient, but 1 of 2 parameters have one",
                                  "a loss that depends on it"}));
        p.b->requires_grad = false;
        EXPECT_TRUE(fails_saying([&] { step(o, 0.1); },
                                 {"fc.bias [1] is frozen (its requires_grad is false)"}));
        p.b->requires_grad = true;
        p.w->grad = Tensor();
      },
      p.parameters(true));
}

// ---- the norm of all gradients ----

// sqrt(3^2 + 4^2 + 12^2 + 84^2) = 85
TEST(GradientNorm, IsTheNormOfAllGradientsTogether) {
  const Problem p;
  p.w.add_grad(Tensor({3}, {3, -4, 12}));
  p.b.add_grad(Tensor({1}, {84}));
  EXPECT_DOUBLE_EQ(gradient_norm(p.parameters(true)), 85);
}

TEST(GradientNorm, HasTheSameBitsOnAnyNumberOfThreads) {
  Rng rng(1);
  const Var a = parameter(zeros({100003})), b = parameter(zeros({777}));
  a.add_grad(normal({100003}, rng));
  b.add_grad(normal({777}, rng));
  const int before = threads();
  set_threads(1);
  const double norm = gradient_norm({{"a", a, true}, {"b", b, true}});
  for (int count : {2, 3, 7}) {
    set_threads(count);
    EXPECT_EQ(gradient_norm({{"a", a, true}, {"b", b, true}}), norm);
  }
  set_threads(before);
}

TEST(ClipGradients, MatchesPyTorch) {
  const Problem p;
  p.w.add_grad(Tensor({3}, {3, -4, 12}));
  p.b.add_grad(Tensor({1}, {84}));
  clip_gradients(p.parameters(true), 5, 85);
  const double expected[4] = {0.1764705861591696, -0.2352941148788928, 0.7058823446366784,
                              4.941176412456748};
  for (long i = 0; i < 3; i++) EXPECT_NEAR(p.w->grad[i], expected[i], rounding);
  EXPECT_NEAR(p.b->grad[0], expected[3], rounding);
}

TEST(ClipGradients, DoesNotChangeGradientsBelowTheLimit) {
  const Problem p;
  p.w.add_grad(Tensor({3}, {3, -4, 12}));
  p.b.add_grad(Tensor({1}, {84}));
  clip_gradients(p.parameters(true), 86, 85);
  EXPECT_EQ(p.w->grad[1], -4);
  EXPECT_EQ(p.b->grad[0], 84);
}

// ---- it learns ----

// The least squares fit of y = x w + b has a residual that is orthogonal to every column of x and
// to 1 (the normal equations).
TEST(Sgd, SolvesALinearRegression) {
  Rng rng(2);
  const Var x(normal({50, 3}, rng)), target(normal({50, 1}, rng));
  const Var w = parameter(zeros({3, 1})), b = parameter(zeros({1}));
  Sgd sgd({{"w", w, true}, {"b", b, false}}, {});
  Tensor residual;
  for (int t = 0; t < 300; t++) {
    const Var error = sub(linear(x, w, b), target);
    residual = error->value.clone();
    backward(mean(mul(error, error)));
    sgd.step(0.05);
  }
  for (long column = 0; column < 4; column++) {
    double along = 0;
    for (long i = 0; i < 50; i++)
      along += static_cast<double>(residual[i] * (column < 3 ? x->value[i * 3 + column] : 1)) / 50;
    EXPECT_NEAR(along, 0, in_double_build ? 1e-10 : 1e-6);
  }
}

// A linear model cannot learn it: no line separates the two classes.
TEST(Optimizer, LearnsXor) {
  const Var x(Tensor({4, 2}, {0, 0, 0, 1, 1, 0, 1, 1}));
  const auto learns = [&](const std::function<Optimizer(const std::vector<Parameter>&)>& make,
                          double lr) {
    Rng rng(3);
    const Var w1 = parameter(normal({2, 8}, rng)), b1 = parameter(zeros({8})),
              w2 = parameter(normal({8, 2}, rng)), b2 = parameter(zeros({2}));
    Optimizer optimizer =
        make({{"w1", w1, true}, {"b1", b1, false}, {"w2", w2, true}, {"b2", b2, false}});
    double loss = 0;
    for (int t = 0; t < 300; t++) {
      const Var y = cross_entropy(linear(tanh(linear(x, w1, b1)), w2, b2), {0, 1, 1, 0});
      loss = static_cast<double>(y->value.item());
      backward(y);
      step(optimizer, lr);
    }
    return loss;
  };
  EXPECT_LT(learns([](const std::vector<Parameter>& all) { return Sgd(all, {}); }, 0.1), 0.01);
  EXPECT_LT(learns([](const std::vector<Parameter>& all) { return AdamW(all, {}); }, 0.05), 0.01);
}

}  // namespace
}  // namespace excite
