// A project of somebody else's: an operation of their own, and its gradient in a test of their own.
// tests/install_test.cpp builds it.
#include <gtest/gtest.h>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "core/kernels/elementwise.h"
#include "core/random.h"

using namespace excite;

// y = a + b^3
Var my_op(const Var& a, const Var& b) {
  const auto cube = [](real v) { return v * v * v; };
  return result("my_op", map([=](real u, real v) { return u + cube(v); }, a->value, b->value),
                {a, b}, [=](Node& y) {
                  a.add_grad(y.grad.clone());
                  b.add_grad(map([](real dy, real v) { return dy * 3 * v * v; }, y.grad, b->value));
                });
}

TEST(MyOp, Gradient) {
  Rng rng(0);
  auto report = check_gradient([](auto& in) { return my_op(in[0], in[1]); },
                               {normal({2, 3}, rng), normal({2, 3}, rng)});
  EXPECT_TRUE(report.ok) << report;
}
