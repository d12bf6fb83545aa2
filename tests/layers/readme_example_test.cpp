// The numbers of layers/README.md: a squeeze-and-excitation block computed by hand, forward and
// backward, and He's variance.
#include "autograd/ops.h"
#include "layers/squeeze_excite.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

constexpr double digits_shown = 5e-5;  // the chapter has four decimals

TEST(LayersReadme, SqueezeAndExcitationByHand) {
  Rng rng(0);
  const SqueezeExcite se(2, {.reduction = 2}, rng);
  se.reduce.w->value = Tensor({2, 1}, {1, -2}), se.reduce.b->value = Tensor({1}, {1});
  se.expand.w->value = Tensor({1, 2}, {real(0.5), -1}), se.expand.b->value = Tensor({2}, {0, 1});
  const Var u = parameter(Tensor({1, 2, 2, 2}, {1, 0, 2, -1, 3, 1, 6, 4}));
  EXPECT_TRUE(close(global_avg_pool(u)->value, Tensor({1, 2}, {3, 1}), 1e-6));
  EXPECT_TRUE(close(relu(se.reduce(global_avg_pool(u)))->value, Tensor({1, 1}, {2}), 1e-6));
  EXPECT_TRUE(close(se.excite(global_avg_pool(u))->value, tensor_of({1, 2}, {0.7311, 0.2689}),
                    digits_shown / 0.7));
  const Var y = se(u);
  EXPECT_TRUE(
      close(y->value,
            tensor_of({1, 2, 2, 2}, {0.7311, 0, 1.4621, -0.2689, 2.1932, 0.2689, 4.3864, 1.0758}),
            digits_shown / 4));

  backward(sum(mul(y, Tensor({1, 2, 2, 2}, {1, 0, 0, 0, 0, 0, 0, 0}))));
  EXPECT_TRUE(close(
      u->grad,
      tensor_of({1, 2, 2, 2}, {0.7556, -0.0492, 0.0246, -0.0492, 0.0246, -0.0492, 0.0246, -0.0492}),
      digits_shown / 0.7));
}

// Twenty layers of 64 numbers: with the variance 2 / fan_in the mean square stays about the same;
// with 1 / fan_in each layer halves it.
TEST(LayersReadme, HeInitializationKeepsTheSizeOfASignal) {
  const auto mean_square_after_twenty = [](double factor) {
    Rng rng(3);
    Var x = normal({64, 64}, rng);
    for (int layer = 0; layer < 20; layer++)
      x = matmul(layer ? relu(x) : x, scale(he_normal({64, 64}, 64, rng), stddev(factor / 2)));
    double squares = 0;
    for (const real v : x->value)
      squares +=
          static_cast<double>(v) * static_cast<double>(v) / static_cast<double>(x->value.size());
    return squares;
  };
  const double he = mean_square_after_twenty(2), half = mean_square_after_twenty(1);
  EXPECT_GT(he, 0.2);
  EXPECT_LT(he, 20);
  EXPECT_NEAR(he / half, 1 << 20, 1000);
}

}  // namespace
}  // namespace excite
