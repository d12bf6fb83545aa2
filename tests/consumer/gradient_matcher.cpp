// An operation of your own, and a test of its gradient by a matcher, which prints the report.
#include <excite/autograd/gradcheck_matcher.h>
#include <excite/autograd/ops.h>
#include <excite/core/random.h>
#include <gtest/gtest.h>

using namespace excite;

Var my_op(const Var& x, const Var& w) { return tanh(x * w) + w; }

TEST(MyOp, HasTheRightGradient) {
  Rng rng(0);
  const Var x = normal({2, 3}, rng), w = normal({2, 3}, rng);
  EXPECT_THAT(my_op, has_right_gradient({x, w}));
}
