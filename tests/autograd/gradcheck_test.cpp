// check_gradient. The mistakes that it must find are in seeded_bugs_test.cpp.
#include "autograd/gradcheck.h"

#include <gtest/gtest.h>

#include <cmath>

#include "autograd/ops.h"
#include "core/kernels/elementwise.h"
#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

using Inputs = std::vector<Var>;

Var my_op(const Var& x, const Var& b) { return sigmoid(add_bias(x, b)); }

#ifndef EXCITE_DOUBLE

TEST(Gradcheck, RefusesFloatAndNamesTheLibraryToLink) {
  Rng rng(0);
  auto report = check_gradient([](auto& in) { return my_op(in[0], in[1]); },
                               {normal({2, 3}, rng), normal({3}, rng)});
  EXPECT_FALSE(report.ok);
  EXPECT_NE(text(report).find("link the double library"), std::string::npos) << report;
}

#else

bool mentions(const GradcheckReport& report, const std::string& words) {
  return text(report).find(words) != std::string::npos;
}

// first, first + step, first + 2 step, ...: points with a known distance from kinks.
Tensor ramp(long size, real first, real step) {
  Tensor x({size});
  for (long i = 0; i < size; i++) x[i] = first + step * static_cast<real>(i);
  return x;
}

// The example of the top README.
TEST(MyOp, Gradient) {
  Rng rng(0);
  auto report = check_gradient([](auto& in) { return my_op(in[0], in[1]); },
                               {normal({2, 3}, rng), normal({3}, rng)});
  EXPECT_TRUE(report.ok) << report;
}

TEST(Gradcheck, AcceptsACorrectOperation) {
  Rng rng(0);
  auto report = check_gradient([](auto& in) { return my_op(in[0], in[1]); },
                               {normal({2, 3}, rng), normal({3}, rng)});
  EXPECT_TRUE(report.ok) << report;
  EXPECT_EQ(report.checked, 9);
  EXPECT_EQ(report.kinks, 0);
  EXPECT_GT(report.worst, 0);
  EXPECT_LT(report.worst, 1e-8);
  EXPECT_TRUE(mentions(report, "input ")) << report;
}

// y = x with a gradient that is correct only if dy = x.
TEST(Gradcheck, DrawsACotangentThatDiffersFromTheInput) {
  const auto f = [](const Inputs& in) {
    const Var x = in[0];
    return result("same", x->value.clone(), {x}, [=](Node& y) {
      x.add_grad(map([](real dy, real v) { return 2 * dy - v; }, y.grad, x->value));
    });
  };
  for (const long seed : {0, 1, 5}) {
    Rng rng(seed);
    GradcheckOptions options;
    options.seed = seed;
    EXPECT_FALSE(check_gradient(f, {normal({3}, rng)}, options).ok) << seed;
  }
}

TEST(Gradcheck, ReportsInputShapeElementAndBothValues) {
  // The derivative of 2 x is 2, but one element is given as 5.
  const auto f = [](const Inputs& in) {
    return result("twice", map([](real v) { return 2 * v; }, in[1]->value), {in[0], in[1]},
                  [=](Node& y) {
                    Tensor dx = map([](real dy) { return 2 * dy; }, y.grad);
                    dx[5] = 5;
                    in[1].add_grad(std::move(dx));
                    in[0].add_grad(zeros(in[0].shape()));
                  });
  };
  Rng rng(1);
  const auto report = check_gradient(f, {zeros({4}), normal({2, 3}, rng)}, {.zero_gradient = {0}});
  EXPECT_FALSE(report.ok);
  EXPECT_TRUE(mentions(report, "input 1 [2, 3], element [1, 2]: analytic 5, numeric ")) << report;
  EXPECT_TRUE(mentions(report, "tolerance 1e-07 (1 of 6 wrong)")) << report;
  EXPECT_EQ(report.worst_at, "input 1 [2, 3], element [1, 2]");
  EXPECT_GT(report.worst, 0.1);
}

TEST(Gradcheck, AcceptsSteepFunctions) {
  Rng rng(2);
  const auto report =
      check_gradient([](auto& in) { return log(sqrt(in[0])); }, {uniform({5}, rng, 1e-3, 1)});
  EXPECT_TRUE(report.ok) << report;
}

TEST(Gradcheck, DoesNotChangeTheTensorsOfTheCaller) {
  Rng rng(3);
  const Var x = parameter(normal({4}, rng));
  const Tensor before = x->value.clone();
  EXPECT_TRUE(check_gradient([](auto& in) { return exp(in[0]); }, {x}).ok);
  EXPECT_TRUE(x->grad.empty());
  EXPECT_TRUE(same_bits(x->value, before));
}

TEST(Gradcheck, TreatsAVarPassedTwiceAsTwoInputs) {
  const Var x(ramp(3, 1, 1));
  EXPECT_TRUE(check_gradient([](auto& in) { return mul(in[0], in[1]); }, {x, x}).ok);
  EXPECT_TRUE(check_gradient([](auto& in) { return mul(in[0], in[0]); }, {x}).ok);
  EXPECT_TRUE(check_gradient([](auto& in) { return in[0]; }, {x}).ok);
}

// ---- kinks ----

TEST(Gradcheck, SkipsAndCountsAKink) {
  Tensor x = ramp(100, -49.5, 1);
  x[7] = 0;
  const auto report = check_gradient([](auto& in) { return relu(in[0]); }, {Var(std::move(x))});
  EXPECT_TRUE(report.ok) << report;
  EXPECT_EQ(report.kinks, 1);
  EXPECT_EQ(report.checked, 99);
  EXPECT_TRUE(mentions(report, "1 skipped at kinks")) << report;
}

TEST(Gradcheck, FailsIfMoreThanOnePercentAreKinks) {
  Tensor x = ramp(199, -99, 1);  // 0 is among them
  EXPECT_TRUE(check_gradient([](auto& in) { return relu(in[0]); }, {x.clone()}).ok);
  x[0] = 0;
  const auto report = check_gradient([](auto& in) { return relu(in[0]); }, {std::move(x)});
  EXPECT_FALSE(report.ok);
  EXPECT_EQ(report.kinks, 2);
  EXPECT_TRUE(mentions(report, "2 of the 199 elements of input 0 [199] are at a kink")) << report;
}

TEST(Gradcheck, AcceptsAKinkNearby) {
  for (const real distance : {1e-6, -1e-6, 5e-6, -3e-7}) {  // all nearer than a step
    const auto report =
        check_gradient([](auto& in) { return relu(in[0]); }, {Tensor({3}, {distance, 2, -3})});
    EXPECT_TRUE(report.ok) << report;
    EXPECT_EQ(report.checked, 3);
    EXPECT_EQ(report.kinks, 0);
  }
}

// A gradient at a kink must lie between the slopes on both sides. For relu, -1 does not.
TEST(Gradcheck, RejectsAWrongGradientAtAKink) {
  const auto f = [](const Inputs& in) {
    return result("relu", map([](real v) { return v > 0 ? v : 0; }, in[0]->value), {in[0]},
                  [=](Node& y) {
                    in[0].add_grad(map([](real dy, real v) { return v > 0   ? dy
                                                                    : v < 0 ? 0
                                                                            : -dy; },
                                       y.grad, in[0]->value));
                  });
  };
  Tensor x = ramp(100, -49.5, 1);
  x[7] = 0;
  const auto report = check_gradient(f, {std::move(x)});
  EXPECT_FALSE(report.ok);
  EXPECT_TRUE(mentions(report, "element [7]")) << report;
}

// At a jump the differences grow without bound as the step shrinks, so it is not skipped as a kink.
TEST(Gradcheck, DistinguishesAJumpFromAKink) {
  const auto f = [](const Inputs& in) {
    return result("jump", map([](real v) { return v >= 0 ? v + 1 : v; }, in[0]->value), {in[0]},
                  [=](Node& y) { in[0].add_grad(std::move(y.grad)); });
  };
  Tensor x = ramp(200, -99.5, 1);
  EXPECT_TRUE(check_gradient(f, {x.clone()}).ok);
  x[0] = 0;
  const auto report = check_gradient(f, {std::move(x)});
  EXPECT_FALSE(report.ok);
  EXPECT_TRUE(mentions(report, "element [0]")) << report;
}

// With strong curvature both one-sided differences are wrong, and a wrong gradient may lie between
// them. But they approach each other as the step shrinks, so it is not skipped as a kink.
TEST(Gradcheck, DistinguishesCurvatureFromAKink) {
  const auto f = [](const Inputs& in, real mistake) {
    return result("steep", map([](real v) { return std::exp(3000 * v); }, in[0]->value), {in[0]},
                  [=](Node& y) {
                    Tensor dx = map([](real dy, real e) { return 3000 * dy * e; }, y.grad, y.value);
                    dx[0] *= 1 + mistake;
                    in[0].add_grad(std::move(dx));
                  });
  };
  EXPECT_TRUE(check_gradient([&](auto& in) { return f(in, 0); }, {zeros({200})}).ok);
  EXPECT_FALSE(check_gradient([&](auto& in) { return f(in, real(1e-5)); }, {zeros({200})}).ok);
}

// ---- gradients that are zero in theory ----

TEST(Gradcheck, AcceptsAZeroGradientOnlyIfListed) {
  Rng rng(4);
  const auto f = [](const Inputs& in) {
    const Tensor mean = zeros({3}), var = full({3}, 1);
    return batch_norm(add_bias(in[0], in[1]), full({3}, 1), zeros({3}), mean.clone(), var.clone());
  };
  const Var x(normal({8, 3}, rng)), b(normal({3}, rng));
  EXPECT_TRUE(check_gradient(f, {x, b}, {.zero_gradient = {1}}).ok)
      << check_gradient(f, {x, b}, {.zero_gradient = {1}});
  const auto wrong = check_gradient([](auto& in) { return add_bias(in[0], in[1]); }, {x, b},
                                    {.zero_gradient = {1}});
  EXPECT_FALSE(wrong.ok);
  EXPECT_TRUE(mentions(wrong, "expected zero, because zero_gradient lists it")) << wrong;
}

// The error of an element is relative to the largest gradient of its own input, but at least to a
// thousandth of the largest of all: below that, differences of the value are rounded away.
TEST(Gradcheck, TakesTheScaleOfEachInputFromItsOwnGradient) {
  const auto f = [](real factor, real wrong) {
    return [=](const Inputs& in) {
      Tensor value = map([=](real u, real v) { return factor * std::exp(u) + v * v; }, in[0]->value,
                         in[1]->value);
      return result("sum", std::move(value), {in[0], in[1]}, [=](Node& y) {
        in[0].add_grad(
            map([=](real d, real u) { return d * factor * std::exp(u); }, y.grad, in[0]->value));
        in[1].add_grad(
            map([=](real d, real v) { return d * (2 + wrong) * v; }, y.grad, in[1]->value));
      });
    };
  };
  const Var a(ramp(4, 0, 0.25)), b(ramp(4, 1, 0.5));
  for (const real factor : {real(1), real(1e2)}) {
    EXPECT_TRUE(check_gradient(f(factor, 0), {a, b}).ok) << check_gradient(f(factor, 0), {a, b});
    // an error of 5e-6 of the small gradient is below 1e-7 of the large one
    EXPECT_FALSE(check_gradient(f(factor, real(1e-5)), {a, b}).ok) << factor;
  }
  EXPECT_TRUE(check_gradient(f(real(1e9), 0), {a, b}).ok)
      << check_gradient(f(real(1e9), 0), {a, b});
}

// A gradient that is zero in theory is rounded in proportion to those of the other inputs, and
// gives them no scale.
TEST(Gradcheck, ComparesAZeroGradientWithThoseOfTheOtherInputs) {
  Rng rng(6);
  const auto f = [](real factor) {
    return [=](const Inputs& in) {
      const Tensor mean = zeros({3}), var = full({3}, 1);
      return scale(batch_norm(add_bias(in[0], in[1]), in[2], zeros({3}), mean.clone(), var.clone()),
                   factor);
    };
  };
  const std::vector<Var> in{normal({8, 3}, rng), normal({3}, rng), full({3}, 1)};
  for (const real factor : {real(1e-12), real(1), real(1e12)})
    EXPECT_TRUE(check_gradient(f(factor), in, {.zero_gradient = {1}}).ok)
        << check_gradient(f(factor), in, {.zero_gradient = {1}});
  // 1e-8 of the largest is no rounding error, whatever the size
  for (const real factor : {real(1e-12), real(1e12)}) {
    const auto leak = [=](const Inputs& x) {
      return f(factor)(x) + scale(add_bias(x[0], x[1]), factor * real(1e-7)) -
             scale(x[0], factor * real(1e-7));
    };
    const auto report = check_gradient(leak, in, {.zero_gradient = {1}});
    EXPECT_FALSE(report.ok) << factor;
    EXPECT_TRUE(mentions(report, "expected zero, because zero_gradient lists it")) << report;
  }
}

// The slopes of relu at 0 are 0 and 1, and its gradient there is 0: a kink, not a zero gradient.
TEST(Gradcheck, SaysThatAGradientOfZeroMayBeAKink) {
  const auto report = check_gradient([](const Inputs& in) { return relu(in[0]); }, {zeros({3})});
  EXPECT_TRUE(mentions(report,
                       "zero everywhere; if the function has a kink there, as relu at 0, "
                       "choose other inputs"))
      << report;
}

// Of an input that is used, but was not passed to result: it is no part of the graph.
TEST(Gradcheck, SaysThatAnInputMayBeMissingInTheInputsOfResult) {
  const auto f = [](const Inputs& in) {
    Tensor value = map([](real u, real v) { return u * v; }, in[0]->value, in[1]->value);
    return result("prod", std::move(value), {in[0]}, [=](Node& y) {
      in[0].add_grad(map([](real d, real v) { return d * v; }, y.grad, in[1]->value));
      in[1].add_grad(map([](real d, real u) { return d * u; }, y.grad, in[0]->value));
    });
  };
  const auto report = check_gradient(f, {ramp(2, 1, 1), ramp(2, 1, 1)});
  EXPECT_TRUE(mentions(report,
                       "input 1 [2] is not used by the function: the result does not "
                       "depend on it, or it is missing in the inputs of result(...)"))
      << report;
}

// ---- functions that cannot be checked ----

TEST(Gradcheck, NamesTheInputIntoWhichAGradientOfAWrongShapeFlows) {
  const auto f = [](const Inputs& in) {
    return result("rows", add_rows(in[0]->value, in[1]->value), {in[0], in[1]}, [=](Node& y) {
      in[0].add_grad(y.grad.clone());
      in[1].add_grad(y.grad.clone());
    });
  };
  const auto report = check_gradient(f, {full({2, 3}, 1), full({3}, 1)});
  EXPECT_EQ(report.message,
            "the backward of rows: a gradient of shape [2, 3] flows into input 1 [3], whose value "
            "has shape [3]");
}

// A backward that sets the gradient without add_grad.
TEST(Gradcheck, ReportsAGradientOfAWrongShapeThatWasNotAdded) {
  const auto f = [](const Inputs& in) {
    return result("same", in[0]->value.clone(), {in[0]},
                  [=](Node&) { in[0]->grad = full({2}, 1); });
  };
  const auto report = check_gradient(f, {full({3}, 1)});
  EXPECT_EQ(report.message, "input 0 [3] got a gradient of shape [2]");
}

TEST(Gradcheck, ExplainsWhyAFunctionCannotBeChecked) {
  const Var x(ramp(3, 1, 1)), z(ramp(2, 1, 1));
  int calls = 0;
  const std::vector<std::pair<std::function<Var(const Inputs&)>, std::string>> cases{
      {[](const Inputs& in) { return exp(in[0]); }, "input 1 [2] is not used by the function"},
      {[](const Inputs&) { return Var(); }, "returned an empty Var"},
      {[](const Inputs& in) { return matmul(in[0], in[1]); }, "matmul"},  // throws: not matrices
      {[](const Inputs& in) {
         in[0]->value[1] += 1;
         return concat_channels({in[0], in[1]});
       },
       "the function changed the value of input 0 [3]"},
      {[&](const Inputs& in) {
         return reshape(concat_channels({in[0], in[1]}), calls++ < 4 ? Shape{5} : Shape{1, 5});
       },
       "returned the shape [5] at first, and now [1, 5]"},
      {[&](const Inputs& in) {
         return scale(concat_channels({in[0], in[1]}), static_cast<real>(++calls));
       },
       "a second run of the function on the same inputs gave a different value"},
  };
  for (const auto& [f, words] : cases) {
    const auto report = check_gradient(f, {x, z});
    EXPECT_FALSE(report.ok);
    EXPECT_TRUE(mentions(report, words)) << "expected: " << words << "\nfound: " << report;
  }
  EXPECT_TRUE(
      mentions(check_gradient([](auto&) { return Var(zeros({1})); }, {}), "there is no input"));
}

#endif

}  // namespace
}  // namespace excite
