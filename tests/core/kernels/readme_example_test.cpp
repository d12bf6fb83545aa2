// The numbers of the examples that core/kernels/README.md computes by hand.
#include "autograd/ops.h"
#include "core/kernels/conv2d.h"
#include "core/kernels/softmax.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

TEST(KernelsReadme, ConvolutionByUnfolding) {
  const Tensor x({1, 3, 3, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9}), w({2, 2, 1, 1}, {1, 2, 3, 4}),
      dy({1, 2, 2, 1}, {1, 0, -1, 2});
  EXPECT_TRUE(same_bits(conv2d(x, w, {}), Tensor({1, 2, 2, 1}, {37, 47, 67, 77})));
  EXPECT_TRUE(same_bits(conv2d_dw(x, dy, w.shape(), {}), Tensor({2, 2, 1, 1}, {7, 9, 13, 15})));
  EXPECT_TRUE(same_bits(conv2d_dx(dy, w, x.shape(), {}),
                        Tensor({1, 3, 3, 1}, {1, 2, 0, 2, 4, 4, -3, 2, 8})));
}

TEST(KernelsReadme, BatchNormalizationOfFourNumbers) {
  const Var x = parameter(Tensor({4, 1}, {1, 1, 3, 3})), gamma = parameter(full({1}, 2)),
            beta = parameter(full({1}, 1));
  const Var y = batch_norm(x, gamma, beta, zeros({1}), full({1}, 1), 0);
  EXPECT_TRUE(close(y->value, Tensor({4, 1}, {-1, -1, 3, 3}), 1e-6));
  backward(sum(mul(y, Tensor({4, 1}, {1, 0, 0, 0}))));
  EXPECT_TRUE(close(x->grad, Tensor({4, 1}, {1, -1, 0, 0}), 1e-6));
  EXPECT_TRUE(close(gamma->grad, full({1}, -1), 1e-6));
  EXPECT_TRUE(close(beta->grad, full({1}, 1), 1e-6));
}

TEST(KernelsReadme, LayerNormalizationOfTwoNumbers) {
  const Var x = parameter(Tensor({1, 2}, {1, 3})), gamma = Tensor({2}, {2, 4}),
            beta = Tensor({2}, {0, 1});
  const Var y = layer_norm(x, gamma, beta, 0);
  EXPECT_TRUE(close(y->value, Tensor({1, 2}, {-2, 5}), 1e-6));
  backward(y, Tensor({1, 2}, {1, 0}));
  EXPECT_TRUE(close(x->grad, zeros({1, 2}), 1e-6));
}

TEST(KernelsReadme, SoftmaxOfLargeScores) {
  const Tensor expected({1, 3}, {real(0.0900), real(0.2447), real(0.6652)});
  EXPECT_TRUE(close(softmax(Tensor({1, 3}, {1000, 1001, 1002})), expected, 1e-4));
  EXPECT_TRUE(close(softmax(Tensor({1, 3}, {0, 1, 2})), expected, 1e-4));
}

}  // namespace
}  // namespace excite
