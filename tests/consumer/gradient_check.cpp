// An operation of your own, and a test of its gradient.
#include <excite/autograd/gradcheck.h>
#include <excite/autograd/ops.h>
#include <excite/core/kernels/elementwise.h>
#include <excite/core/random.h>
#include <gtest/gtest.h>

using namespace excite;

// y = a + b^3, so da = dy and db = 3 b^2 dy, where dy means dL/dy for the loss L.
Var my_op(const Var& a, const Var& b) {
  Tensor value = map([](real u, real v) { return u + v * v * v; }, a->value, b->value);
  return result("my_op", std::move(value), {a, b}, [=](Node& y) {
    a.add_grad(y.grad.clone());
    b.add_grad(map([](real dy, real v) { return dy * 3 * v * v; }, y.grad, b->value));
  });
}

TEST(MyOp, GradientMatchesFiniteDifferences) {
  Rng rng(0);
  const auto f = [](const std::vector<Var>& in) { return my_op(in[0], in[1]); };
  const GradcheckReport report = check_gradient(f, {normal({2, 3}, rng), normal({2, 3}, rng)});
  EXPECT_TRUE(report.ok) << report;  // names the input, its shape, the element, and both values
}
