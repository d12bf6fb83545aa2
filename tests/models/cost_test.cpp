#include "models/cost.h"

#include <gtest/gtest.h>

#include "autograd/ops.h"

namespace excite {
namespace {

TEST(Cost, CountsTheMultiplyAddsOfAConvolution) {
  const Var w = parameter(zeros({3, 5, 2, 6}));  // 3x5, two channels per group, six outputs
  w->name = "stem.weight";
  const Cost cost =
      cost_of(conv2d(zeros({2, 8, 9, 4}), w, {.stride = 2, .pad = {1, 2}, .groups = 2}));
  ASSERT_EQ(cost.ops.size(), 1u);
  EXPECT_EQ(cost.ops[0].layer, "stem");
  EXPECT_EQ(cost.ops[0].op, "conv2d");
  EXPECT_EQ(cost.ops[0].output, (Shape{2, 4, 5, 6}));
  EXPECT_EQ(cost.macs, 2 * 4 * 5 * 6 * (3 * 5 * 2));
  EXPECT_EQ(cost.parameters, 3 * 5 * 2 * 6);
  EXPECT_EQ(cost.bytes, 2 * 4 * 5 * 6 * static_cast<long>(sizeof(real)));
}

TEST(Cost, CountsASharedParameterOnce) {
  const Var w = parameter(zeros({4, 4}));
  const Cost cost = cost_of(matmul(matmul(zeros({3, 4}), w), w));
  EXPECT_EQ(cost.parameters, 16);
  EXPECT_EQ(cost.macs, 2 * 3 * 4 * 4);
}

TEST(Cost, ElementwiseOperationsCostNoMultiplyAdds) {
  const Var b = parameter(zeros({4}));
  const Cost cost = cost_of(relu(add_bias(zeros({3, 4}), b)));
  EXPECT_EQ(cost.ops.size(), 2u);
  EXPECT_EQ(cost.macs, 0);
  EXPECT_EQ(cost.parameters, 4);
  EXPECT_EQ(cost.bytes, 2 * 12 * static_cast<long>(sizeof(real)));
}

}  // namespace
}  // namespace excite
