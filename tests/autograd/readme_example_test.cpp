// The operation with two results that autograd/README.md shows, and the values and gradients that
// it promises.
#include <utility>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "core/kernels/channels.h"
#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

// [..., 2 C] -> the first C channels and the last C: two nodes with the same input. Each adds the
// gradient of its own half, with zeros for the other.
std::pair<Var, Var> split_channels(const Var& x) {
  const long half = x.shape()[-1] / 2;
  Tensor first = slice_rows(x->value, 0, half), last = slice_rows(x->value, half, half);
  return {result("split_channels", std::move(first), {x},
                 [=](Node& y) {
                   const Tensor none = zeros(y.value.shape());
                   x.add_grad(concat_rows({&y.grad, &none}));
                 }),
          result("split_channels", std::move(last), {x}, [=](Node& y) {
            const Tensor none = zeros(y.value.shape());
            x.add_grad(concat_rows({&none, &y.grad}));
          })};
}

TEST(AutogradReadme, AnOperationWithTwoResults) {
  const Var x = parameter(Tensor({1, 4}, {1, 2, 3, 4}));
  const auto [first, last] = split_channels(x);
  EXPECT_TRUE(same_bits(first->value, Tensor({1, 2}, {1, 2})));
  EXPECT_TRUE(same_bits(last->value, Tensor({1, 2}, {3, 4})));
  backward(sum(first * last));
  EXPECT_TRUE(same_bits(x->grad, Tensor({1, 4}, {3, 4, 1, 2})));
}

TEST(AutogradReadme, AResultThatIsNotUsedHasNoGradient) {
  const Var x = parameter(Tensor({1, 4}, {1, 2, 3, 4}));
  const auto [first, last] = split_channels(x);
  backward(sum(last));
  EXPECT_TRUE(same_bits(x->grad, Tensor({1, 4}, {0, 0, 1, 1})));
  EXPECT_TRUE(first->grad.empty());
}

#ifdef EXCITE_DOUBLE
TEST(AutogradReadme, TheGradientOfAnOperationWithTwoResultsIsRight) {
  Rng rng(0);
  const auto gated = [](const std::vector<Var>& in) {
    const auto [value, gate] = split_channels(in[0]);
    return value * sigmoid(gate);
  };
  const GradcheckReport report = check_gradient(gated, {normal({2, 3, 3, 6}, rng)});
  EXPECT_TRUE(report.ok) << report;
}
#endif

}  // namespace
}  // namespace excite
