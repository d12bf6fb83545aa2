// The GoogleTest matcher of the gradient check.
#include "autograd/gradcheck_matcher.h"

#include <gtest/gtest.h>

#include <functional>

#include "autograd/ops.h"
#include "core/kernels/elementwise.h"
#include "core/random.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

#ifdef EXCITE_DOUBLE

Var my_op(const Var& x, const Var& w) { return tanh(mul(x, w)); }

// y = x w, but the gradient of w is that of x.
Var wrong_op(const Var& x, const Var& w) {
  Tensor value = map([](real u, real v) { return u * v; }, x->value, w->value);
  return result("wrong_op", std::move(value), {x, w}, [=](Node& y) {
    const Tensor dx = map([](real dy, real v) { return dy * v; }, y.grad, w->value);
    x.add_grad(dx.clone());
    w.add_grad(dx.clone());
  });
}

struct HasRightGradient : testing::Test {
  Rng rng{0};
  Var x = normal({2, 3}, rng), w = normal({2, 3}, rng);
};

template <class Op, class Matcher>
std::string explanation(const Op& op, const Matcher& matcher) {
  testing::StringMatchResultListener listener;
  testing::ExplainMatchResult(matcher, op, &listener);
  return listener.str();
}

TEST_F(HasRightGradient, MatchesFunctionsOfVarsAndOfAVector) {
  EXPECT_THAT(my_op, has_right_gradient({x, w}));
  EXPECT_THAT(exp, has_right_gradient({x}));
  EXPECT_THAT([](const std::vector<Var>& in) { return my_op(in[0], in[1]); },
              has_right_gradient({x, w}));
  EXPECT_THAT([](const Var& a, const Var& b, const Var& c) { return a * b + c; },
              has_right_gradient({x, w, normal({2, 3}, rng)}));
}

TEST_F(HasRightGradient, ExplainsAMistakeWithTheReportAndItsTable) {
  EXPECT_THAT(wrong_op, testing::Not(has_right_gradient({x, w})));
  const std::string words = explanation(wrong_op, has_right_gradient({x, w}));
  expect_contains(words, "gradient check failed: input 1 [2, 3], element [");
  expect_contains(words, "  WRONG\n");
}

// gmock's line "Actual:" is this, and not the address of the function.
TEST_F(HasRightGradient, PrintsAFunctionAsAnOperation) {
  const auto printed = [](const auto& op) { return testing::PrintToString(op); };
  EXPECT_EQ(printed(wrong_op), "the operation");
  EXPECT_EQ(printed(&my_op), "the operation");
}

TEST_F(HasRightGradient, PassesTheOptionsOn) {
  const auto f = [](const Var& a, const Var& b) { return add_bias(a, b - b); };
  const Var bias = normal({3}, rng);
  EXPECT_THAT(f, testing::Not(has_right_gradient({x, bias})));
  EXPECT_THAT(f, has_right_gradient({x, bias}, {.zero_gradient = {1}}));
}

TEST_F(HasRightGradient, DescribesItself) {
  using Op = std::function<Var(const Var&, const Var&)>;
  const std::string what =
      " the gradient that finite differences give, for inputs of shape [2, 3], [2, 3]";
  EXPECT_EQ(testing::DescribeMatcher<Op>(has_right_gradient({x, w})), "has" + what);
  EXPECT_EQ(testing::DescribeMatcher<Op>(testing::Not(has_right_gradient({x, w}))),
            "does not have" + what);
}

TEST_F(HasRightGradient, ReportsAnotherNumberOfInputs) {
  expect_contains(explanation(my_op, has_right_gradient({x})),
                  "the operation takes 2 inputs, but the matcher has 1");
}

#endif

}  // namespace
}  // namespace excite
