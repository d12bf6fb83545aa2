#include "tools/bench/profile/work.h"

#include <gtest/gtest.h>

#include "autograd/fused/fused_ops.h"
#include "tools/bench/limits.h"

namespace excite {
namespace {

constexpr long bytes_per_element = sizeof(real);

void expect_work(const Work& work, long flops, long elements) {
  EXPECT_EQ(work.flops, flops);
  EXPECT_EQ(work.bytes, elements * bytes_per_element);
}

Work forward(const Var& y) { return forward_work(*y, y->inputs); }

// 3x3 from 4 channels to 5, [2, 6, 6, 4] -> [2, 6, 6, 5]: 360 outputs of 36 products each.
TEST(Work, OfAConvolutionFollowsItsDefinition) {
  const Var x = parameter(zeros({2, 6, 6, 4})), w = parameter(zeros({3, 3, 4, 5}));
  const Var y = conv2d(x, w, {.pad = 1});
  expect_work(forward(y), 2 * 360 * 36, 288 + 180 + 360);
  expect_work(backward_work(*y), 2 * 2 * 360 * 36,
              360 + 2 * (288 + 180));  // dy; x and w read, dx and dw written
}

TEST(Work, ExcludesGradientsThatAreNotRequired) {
  const Var w = parameter(zeros({3, 3, 4, 5}));
  expect_work(backward_work(*conv2d(zeros({2, 6, 6, 4}), w, {.pad = 1})), 2 * 360 * 36,
              360 + 288 + 2 * 180);
}

TEST(Work, OfAMatrixProductIsTwoFlopsPerMultiplyAdd) {
  const Var a = parameter(zeros({7, 3})), b = parameter(zeros({3, 5}));
  expect_work(forward(matmul(a, b)), 2 * 7 * 3 * 5, 21 + 15 + 35);
  expect_work(backward_work(*matmul(a, b)), 4 * 7 * 3 * 5, 35 + 2 * (21 + 15));
}

// The gradient of relu reads its input, the gradient of add does not.
TEST(Work, OfElementwiseOperationsIsOneFlopPerElement) {
  const Var x = parameter(zeros({4, 25}));
  expect_work(forward(relu(x)), 100, 200);
  expect_work(backward_work(*relu(x)), 100, 300);
  expect_work(forward(add(x, x)), 100, 300);
  expect_work(backward_work(*add(x, x)), 100, 300);
  expect_work(forward(sum(x)), 100, 101);
}

// Forward: mean 1, variance 3, a (x - mean) + b 3. Backward: two sums 1 + 3, dx 5.
TEST(Work, OfBatchNormFollowsItsFormulas) {
  const Var x = parameter(zeros({18, 4})), c = parameter(full({4}, 1));
  const Var y = batch_norm(x, c, c, zeros({4}), full({4}, 1));
  expect_work(forward(y), 7 * 72, 72 + 8 + 72);
  expect_work(backward_work(*y), 9 * 72, 72 + 2 * (72 + 8));
}

// 4 channels of 2 * 3 * 3 elements are 72 elements; gamma and beta have 4 each.
TEST(Work, OfFusedOperationsFollowsTheirFormulas) {
  const Var u = parameter(zeros({2, 3, 3, 4})), c = parameter(full({4}, 1)),
            shortcut = parameter(zeros({2, 3, 3, 4}));
  const Var mean = zeros({4}), var = full({4}, 1);
  const Var norm = batch_norm_relu(u, c, c, mean, var),
            block_end = bn_se_add_relu(
                u, c, c, mean, var, [](const Var&q) { return sigmoid(q); }, shortcut);
  expect_work(forward(norm), 8 * 72, 72 + 8 + 72);
  expect_work(backward_work(*norm), 10 * 72, 72 + 2 * (72 + 8));
  expect_work(forward(block_end), 11 * 72, 72 + 8 + 72 + 72);
  expect_work(backward_work(*block_end), 14 * 72, 72 + 2 * (72 + 8 + 72));
  const Var w = parameter(zeros({3, 3, 4, 5}));  // 2 * 3 * 3 * 5 = 90 outputs of 36 products each
  const Var conv = batch_norm_relu_conv2d(u, c, c, mean, var, w, {.pad = 1}).u;
  expect_work(forward(conv), 2 * 90 * 36 + 8 * 72, 72 + 8 + 180 + 90);
  expect_work(backward_work(*conv), 4 * 90 * 36 + 10 * 72, 90 + 2 * (72 + 8 + 180));
}

TEST(Bound, IsTheLimitThatTakesLonger) {
  const Limits limits{.gflops = 100, .gbytes = 10};
  const Bound computing = bound({2'000'000'000, 100'000'000}, 0.04,
                                limits);  // 20 ms of arithmetic, 10 ms of memory, in 40 ms
  EXPECT_EQ(computing.by, Bound::By::arithmetic);
  EXPECT_DOUBLE_EQ(computing.share, 0.5);
  const Bound moving = bound({100'000'000, 100'000'000}, 0.04, limits);
  EXPECT_EQ(moving.by, Bound::By::memory);
  EXPECT_DOUBLE_EQ(moving.share, 0.25);
}

}  // namespace
}  // namespace excite
