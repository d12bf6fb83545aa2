#include <gtest/gtest.h>

#include "autograd/fused/fused_ops.h"
#include "autograd/hooks.h"

namespace excite {
namespace {

TEST(OpHook, IsCalledForEveryOperationInOrderWithItsValue) {
  std::vector<std::string> seen;
  real last = 0;
  {
    const OpHook hook([&](const Node& y, const std::vector<Var>&) {
      seen.push_back(y.op);
      last = y.value[0];
    });
    const Var x = parameter(full({1}, -2));
    mul(relu(x), x);
    scale(x, 3);
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"relu", "mul", "scale"}));
  EXPECT_EQ(last, -6);
}

TEST(OpHook, IsCalledForUnrecordedOperations) {
  int seen = 0;
  const OpHook hook([&](const Node&, const std::vector<Var>&) { seen++; });
  sum(zeros({3}));
  EXPECT_EQ(seen, 1);
}

TEST(OpHook, IsNotCalledAfterItsEnd) {
  int seen = 0;
  {
    const OpHook hook([&](const Node&, const std::vector<Var>&) { seen++; });
  }
  sum(zeros({3}));
  EXPECT_EQ(seen, 0);
}

TEST(OpHook, GetsTheInputsOfRecordedAndUnrecordedOperations) {
  std::vector<Shape> shapes;
  const OpHook hook([&](const Node&, const std::vector<Var>& inputs) {
    for (const Var& x : inputs) shapes.push_back(x.shape());
  });
  matmul(zeros({2, 3}), zeros({3, 4}));
  matmul(parameter(zeros({2, 5})), zeros({5, 4}));
  EXPECT_EQ(shapes, (std::vector<Shape>{{2, 3}, {3, 4}, {2, 5}, {5, 4}}));
}

TEST(OpHook, ReplacesTheOuterHookAndRestoresIt) {
  int outer = 0, inner = 0;
  const OpHook hook([&](const Node&, const std::vector<Var>&) { outer++; });
  {
    const OpHook inner_hook([&](const Node&, const std::vector<Var>&) { inner++; });
    sum(zeros({3}));
    const OpHook disabled(nullptr);
    sum(zeros({3}));
  }
  sum(zeros({3}));
  EXPECT_EQ(inner, 1);
  EXPECT_EQ(outer, 1);
}

// The operations of the gate are part of bn_se_add_relu.
TEST(OpHook, IsCalledOnceForAFusedOperation) {
  std::string seen;
  const OpHook hook(
      [&](const Node& y, const std::vector<Var>&) { seen += std::string(y.op) + " "; });
  const Var u = zeros({2, 2, 2, 3}), c = full({3}, 1);
  bn_se_add_relu(
      u, c, c, zeros({3}), full({3}, 1), [](const Var& q) { return sigmoid(q); }, u);
  EXPECT_EQ(seen, "bn_se_add_relu ");
}

}  // namespace
}  // namespace excite
