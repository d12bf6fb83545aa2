// Inputs outside the domain of a function or at its border: the gradient check names the input, the
// element, its value and the step.
#include <gtest/gtest.h>

#ifdef EXCITE_DOUBLE

#include <cmath>
#include <limits>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "core/kernels/elementwise.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

using Inputs = std::vector<Var>;

Tensor three(real a, real b, real c) { return Tensor({3}, {a, b, c}); }

// x log(w) in one operation, whose graph does not tell which input log is computed of.
Var x_log_w(const Inputs& in) {
  const auto f = [](real x, real w) { return x * std::log(w); };
  const Var x = in[0], w = in[1];
  return result("x_log_w", map(f, x->value, w->value), {x, w}, [=](Node& y) {
    x.add_grad(map([](real dy, real v) { return dy * std::log(v); }, y.grad, w->value));
    w.add_grad(map([](real dy, real u, real v) { return dy * u / v; }, y.grad, x->value, w->value));
  });
}

// ---- a step leaves the domain ----

TEST(GradcheckDomain, NamesTheElementWhoseStepLeavesTheDomain) {
  const auto report =
      check_gradient([](auto& in) { return log(in[0]); }, {three(1, real(1e-7), 2)});
  EXPECT_FALSE(report.ok);
  EXPECT_EQ(report.message,
            "input 0 [3], element [1] = 1e-07: f is not finite (nan) at 1e-07 - 6e-06; the input "
            "leaves the domain of the function; use inputs farther from its border");
  EXPECT_EQ(report.checked, 2);
}

TEST(GradcheckDomain, NamesTheElementAtTheBorder) {
  const auto report = check_gradient([](auto& in) { return sqrt(in[0]); }, {three(0, 1, 0)});
  EXPECT_FALSE(report.ok);
  EXPECT_EQ(report.message,
            "input 0 [3], element [0] = 0: f is not finite (nan) at 0 - 6e-06; the input leaves "
            "the domain of the function; use inputs farther from its border (the first of 2 such)");
  EXPECT_TRUE(std::isnan(report.rows[0].numeric));
}

TEST(GradcheckDomain, NamesOnlyTheInputAtFault) {
  const auto report = check_gradient(x_log_w, {three(-1, 1, 2), three(1, 2, real(1e-7))});
  EXPECT_FALSE(report.ok);
  EXPECT_TRUE(
      report.message.starts_with("input 1 [3], element [2] = 1e-07: f is not finite (nan) at"))
      << report;
  EXPECT_EQ(report.message.find("input 0"), std::string::npos) << report;
}

TEST(GradcheckDomain, NamesTheParameterOfAModel) {
  const Var w = parameter(three(1, 2, real(1e-7)));
  const auto report = check_model_gradient([&] { return sum(log(w)); }, {{"head.scale", w}});
  EXPECT_FALSE(report.ok);
  expect_contains(report.message,
                  "head.scale [3], element [2] = 1e-07: f is not finite (nan) at 1e-07 - ");
  EXPECT_TRUE(w->name.empty());
}

// The first difference is wrong by 3 %, since log is steep there, but log's gradient is right.
TEST(GradcheckDomain, AcceptsARightGradientNearTheBorder) {
  for (const real x : {1e-5, 3e-5, 1e-4, 1e-3}) {
    const auto right = check_gradient([](auto& in) { return log(in[0]); }, {three(1, x, 2)});
    EXPECT_TRUE(right.ok) << right;
    const auto log_with_mistake = [](const Inputs& in) {
      return result("log", map([](real v) { return std::log(v); }, in[0]->value), {in[0]},
                    [=](Node& y) {
                      in[0].add_grad(map([](real dy, real v) { return (1 + real(1e-5)) * dy / v; },
                                         y.grad, in[0]->value));
                    });
    };
    const auto wrong = check_gradient(log_with_mistake, {three(1, x, 2)});
    expect_contains(wrong.message, ", element [1]: analytic ");
    expect_contains(wrong.message, "(1 of 3 wrong)");
  }
}

// ---- the inputs themselves are outside ----

TEST(GradcheckDomain, NamesTheInputsOutsideTheDomain) {
  const auto one = check_gradient([](auto& in) { return log(in[0]); }, {three(1, -2, -3)});
  EXPECT_FALSE(one.ok);
  EXPECT_EQ(one.message,
            "input 0 [3], element [1] = -2: f is not finite there (nan), but it is at 2; the input "
            "lies outside the domain of the function; use values inside it (2 of 3 elements)");
  const auto zero = check_gradient([](auto& in) { return log(in[0]); }, {three(-1, 1, 0)});
  expect_contains(zero.message, "element [0] = -1: f is not finite there (nan), but it is at ");
  expect_contains(check_gradient([](auto& in) { return log(in[0]); }, {three(0, 1, -1)}).message,
                  "element [0] = 0: f is not finite there (-inf), but it is at 0.5");
  const auto second = check_gradient(x_log_w, {three(-1, -2, 0), three(1, 0, 3)});
  EXPECT_EQ(second.message,
            "input 1 [3], element [1] = 0: f is not finite there (inf), but it is at 0.5; the "
            "input lies outside the domain of the function; use values inside it (1 of 3 "
            "elements)");
  const auto both = check_gradient([](auto& in) { return add(log(in[0]), sqrt(in[1])); },
                                   {three(1, -2, 3), three(-1, -1, 1)});
  expect_contains(both.message, "input 0 [3], element [1] = -2: f is not finite there (nan)");
  expect_contains(both.message, "\ninput 1 [3], element [0] = -1: f is not finite there (nan)");
  expect_contains(both.message, "(2 of 3 elements)");
}

TEST(GradcheckDomain, NamesAnInputThatIsNotFinite) {
  const auto report = check_gradient([](auto& in) { return exp(in[0]); },
                                     {three(1, std::numeric_limits<real>::quiet_NaN(), 2)});
  EXPECT_EQ(report.message, "input 0 [3] has the value nan, expected finite numbers");
}

TEST(GradcheckDomain, SaysThatNoValueTriedIsInside) {
  const auto report =
      check_gradient([](auto& in) { return log(scale(exp(in[0]), -1)); }, {three(1, 2, 3)});
  EXPECT_EQ(report.message,
            "f is not finite at the inputs: its value [3] contains nan; use inputs inside its "
            "domain");
}

TEST(GradcheckDomain, LeavesTheInputsOfTheCallerAsTheyWere) {
  const Var w = parameter(three(1, -2, 3));
  check_model_gradient([&] { return sum(log(w)); }, {{"w", w}});
  EXPECT_EQ(w->value[1], -2);
}

// ---- a gradient that is not finite, though the function is ----

TEST(GradcheckDomain, DistinguishesABackwardThatDividesByZero) {
  const auto cube = [](const Inputs& in) {
    return result("cube", map([](real v) { return v * v * v; }, in[0]->value), {in[0]},
                  [=](Node& y) {
                    in[0].add_grad(map([](real dy, real x, real v) { return dy * 3 * v / x; },
                                       y.grad, in[0]->value, y.value));
                  });
  };
  EXPECT_TRUE(check_gradient(cube, {three(-1, 2, 3)}).ok);
  const auto report = check_gradient(cube, {three(-1, 0, 3)});
  expect_contains(report.message, "input 0 [3], element [1]: analytic ");
  expect_contains(report.message, "nan, numeric ");
  EXPECT_NEAR(report.rows[1].numeric, 0, 1e-9);
  expect_contains(report.message, "(1 of 3 wrong)");
}

}  // namespace
}  // namespace excite
#endif
