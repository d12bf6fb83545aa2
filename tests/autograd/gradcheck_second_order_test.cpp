// check_second_order: gradients that are the gradient of a function, and some that are not.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "core/check.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/softmax.h"
#include "core/random.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

using Inputs = std::vector<Var>;

#ifndef EXCITE_DOUBLE

TEST(SecondOrder, RefusesFloatAndNamesTheLibraryToLink) {
  const auto report = check_second_order([](auto& in) { return exp(in[0]); }, {zeros({2})});
  expect_contains(report.message, "link the double library");
}

#else

const auto times = [](real u, real v) { return u * v; };

// ---- correct operations ----

TEST(SecondOrder, AcceptsCorrectOperations) {
  Rng rng(0);
  const std::vector<std::pair<std::function<Var(const Inputs&)>, std::vector<Shape>>> cases{
      {[](const Inputs& in) { return mul(in[0], in[1]); }, {{4}, {4}}},
      {[](const Inputs& in) { return linear(in[0], in[1], in[2]); }, {{2, 3}, {3, 4}, {4}}},
      {[](const Inputs& in) { return conv2d(in[0], in[1], {.pad = 1}); },
       {{1, 3, 3, 2}, {3, 3, 2, 2}}},
      {[](const Inputs& in) { return log_softmax(mul(in[0], in[0])); }, {{3, 4}}},
      {[](const Inputs& in) { return batch_norm(in[0], in[1], in[2], zeros({2}), full({2}, 1)); },
       {{6, 2}, {2}, {2}}},
      {[](const Inputs& in) { return scale(in[0], 3); }, {{5}}}};  // its Hessian is zero
  for (std::size_t i = 0; i < cases.size(); i++) {
    std::vector<Var> inputs;
    for (const Shape& shape : cases[i].second) inputs.push_back(normal(shape, rng));
    const auto report = check_second_order(cases[i].first, inputs);
    EXPECT_TRUE(report.ok) << "case " << i << ": " << report;
  }
}

TEST(SecondOrder, ComparesEachPairOfElements) {
  Rng rng(0);
  const auto report = check_second_order([](auto& in) { return mul(in[0], in[1]); },
                                         {normal({2}, rng), normal({2}, rng)});
  ASSERT_TRUE(report.ok) << report;
  EXPECT_EQ(report.checked, 6);  // of 4 elements
  ASSERT_EQ(report.rows.size(), 6u);
  EXPECT_EQ(report.rows[1].input, "input 0 [2] and input 1 [2]");
  EXPECT_EQ(report.rows[1].element, "elements [0] and [0]");
  EXPECT_NE(report.rows[1].analytic, 0);  // d2 (a b) / da db = r
  EXPECT_EQ(report.rows[2].analytic, 0);
  expect_contains(report.table(), " dg_i/dx_j ");
  expect_contains(report.table(), " dg_j/dx_i ");
  EXPECT_EQ(report.table().find(" value "), std::string::npos);  // a pair has no value
}

TEST(SecondOrder, AcceptsKinksNearby) {
  const auto f = [](const Inputs& in) { return relu(mul(in[0], in[1])); };
  for (const real a : {real(1e-6), real(-1e-6)})
    EXPECT_TRUE(check_second_order(f, {Tensor({2}, {a, 1}), Tensor({2}, {1, 2})}).ok);
}

// ---- mistakes ----

struct Mistake {
  std::string name;
  std::vector<Shape> inputs;
  std::function<Var(const Inputs& in, bool bug)> op;
};

std::vector<Mistake> mistakes() {
  return {
      {"a product whose second gradient is doubled",
       {{3}, {3}},
       [](const Inputs& in, bool bug) {
         return result("mul", map(times, in[0]->value, in[1]->value), {in[0], in[1]}, [=](Node& y) {
           in[0].add_grad(map(times, y.grad, in[1]->value));
           in[1].add_grad(
               map([=](real dy, real a) { return (bug ? 2 : 1) * dy * a; }, y.grad, in[0]->value));
         });
       }},
      {"a rotation in place of a gradient",
       {{3}, {3}},
       [](const Inputs& in, bool bug) {
         return result("mul", map(times, in[0]->value, in[1]->value), {in[0], in[1]}, [=](Node& y) {
           in[0].add_grad(
               map([=](real dy, real b) { return (bug ? -1 : 1) * dy * b; }, y.grad, in[1]->value));
           in[1].add_grad(map(times, y.grad, in[0]->value));
         });
       }},
      {"softmax without the sum term",
       {{2, 3}},
       [](const Inputs& in, bool bug) {
         return result("softmax", softmax(in[0]->value), {in[0]}, [=](Node& y) {
           in[0].add_grad(bug ? map(times, y.grad, y.value) : softmax_dx(y.grad, y.value));
         });
       }},
      {"x / |x| with |x| as a constant",
       {{4}},
       [](const Inputs& in, bool bug) {
         const Var x = in[0];
         const real length = static_cast<real>(std::sqrt(dot(x->value, x->value)));
         return result("normalize", map([=](real v) { return v / length; }, x->value), {x},
                       [=](Node& y) {
                         const real along = bug ? 0 : static_cast<real>(dot(y.value, y.grad));
                         x.add_grad(map([=](real dy, real u) { return (dy - u * along) / length; },
                                        y.grad, y.value));
                       });
       }},
      {"a mean that is kept in the gradient of the square",
       {{4}},
       [](const Inputs& in, bool bug) {
         const Var x = in[0];
         const real mean = static_cast<real>(sum(x->value)) / 4;
         return result("variance", map([=](real v) { return (v - mean) * (v - mean); }, x->value),
                       {x}, [=](Node& y) {
                         const Tensor d = map([=](real dy, real v) { return 2 * dy * (v - mean); },
                                              y.grad, x->value);
                         const real shared = bug ? 0 : static_cast<real>(sum(d)) / 4;
                         x.add_grad(map([=](real v) { return v - shared; }, d));
                       });
       }},
  };
}

TEST(SecondOrder, FindsGradientsOfNoFunction) {
  for (const Mistake& m : mistakes()) {
    const auto check = [&](bool bug) {
      Rng rng(7);
      std::vector<Var> inputs;
      for (const Shape& shape : m.inputs) inputs.push_back(normal(shape, rng));
      return check_second_order([&](const Inputs& in) { return m.op(in, bug); }, inputs);
    };
    const auto right = check(false), wrong = check(true);
    EXPECT_TRUE(right.ok) << m.name << ": " << right;
    EXPECT_FALSE(wrong.ok) << m.name;
    expect_contains(wrong.message, " wrong)");
    expect_contains(wrong.message, "g is the gradient of no function");
  }
}

// Right at the inputs that it was first called with, so that check_gradient passes.
TEST(SecondOrder, FindsAGradientThatIsRightAtOnePointOnly) {
  const auto kept = std::make_shared<Tensor>();
  const auto mul_with_kept_factor = [=](const Inputs& in) {
    if (kept->empty()) *kept = in[1]->value.clone();
    return result("mul", map(times, in[0]->value, in[1]->value), {in[0], in[1]}, [=](Node& y) {
      in[0].add_grad(map(times, y.grad, *kept));
      in[1].add_grad(map(times, y.grad, in[0]->value));
    });
  };
  Rng rng(0);
  const Var a(normal({3}, rng)), b(normal({3}, rng));
  const auto first = check_gradient(mul_with_kept_factor, {a, b});
  EXPECT_TRUE(first.ok) << first;
  const auto second = check_second_order(mul_with_kept_factor, {a, b});
  EXPECT_FALSE(second.ok);
  EXPECT_TRUE(second.message.starts_with("input 0 [3] and input 1 [3], elements [")) << second;
  expect_contains(second.message, ": dg_i/dx_j 0, dg_j/dx_i ");
  expect_contains(second.message, ", error 1, tolerance 1e-07 (3 of 9 wrong)\n");
}

// ---- functions that cannot be checked ----

TEST(SecondOrder, ReportsTheDomain) {
  const auto f = [](const Inputs& in) { return log(in[0]); };
  const auto report = check_second_order(f, {Tensor({3}, {1, real(1e-7), 0.5})});
  EXPECT_FALSE(report.ok);
  EXPECT_EQ(report.message,
            "input 0 [3], element [1] = 1e-07: f is not finite (nan) at 1e-07 - 6e-06; the input "
            "leaves the domain of the function; use inputs farther from its border");
  // max(x, 0), whose gradient is not finite below 0.
  const auto one_sided = [](const Inputs& in) {
    return result(
        "one_sided", map([](real v) { return std::max(v, real(0)); }, in[0]->value), {in[0]},
        [=](Node& y) {
          in[0].add_grad(map([](real dy, real v) { return dy * std::sqrt(v) / std::sqrt(v); },
                             y.grad, in[0]->value));
        });
  };
  expect_contains(check_second_order(one_sided, {Tensor({2}, {real(1e-7), 1})}).message,
                  "[0] = 1e-07: the gradient is not finite (nan) at 1e-07 - 6e-06; ");
}

// g jumps where u = 2 a + b is 0, by another amount for a than for b.
TEST(SecondOrder, CountsKinks) {
  const auto f = [](const Inputs& in) { return relu(add(scale(in[0], 2), in[1])); };
  Tensor a({1}, {real(0.25)}), b({1}, {real(-0.5)});
  const auto report = check_second_order(f, {std::move(a), std::move(b)});
  EXPECT_EQ(report.kinks, 1) << report;
  expect_contains(report.message, "1 of the 1 pairs of elements are at a kink");
}

TEST(SecondOrder, LeavesOutInputsWhoseGradientIsZeroInTheory) {
  const auto f = [](const Inputs& in) { return mul(in[0], in[1]); };
  const auto report = check_second_order(f, {full({3}, 1), full({3}, 2)}, {.zero_gradient = {1}});
  EXPECT_EQ(report.rows.size(), 3u);
  for (const GradcheckRow& row : report.rows) EXPECT_EQ(row.input, "input 0 [3]");
}

TEST(SecondOrder, RequiresTwoTo500Elements) {
  const auto f = [](const Inputs& in) { return exp(in[0]); };
  expect_contains(check_second_order(f, {zeros({1})}).message,
                  "the inputs have 1 elements together, expected 2 to 500");
  expect_contains(check_second_order(f, {zeros({501})}).message, "the inputs have 501 elements");
}

#endif

}  // namespace
}  // namespace excite
