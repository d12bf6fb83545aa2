// A network uses the convolution algorithm that a rule chooses from the shape, or the one that it
// is asked for. Here the gradients of every algorithm are checked, on every shape that it supports.
#include "core/kernels/conv2d_algorithms.h"
#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "layers/conv2d.h"
#include "layers/linear.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

struct Case {
  Shape x, w;
  Conv2dOptions options;
};
const Case cases[] = {
    {{2, 5, 6, 3}, {3, 3, 3, 4}, {.pad = 1}},
    {{2, 7, 5, 17}, {3, 3, 17, 9}, {.pad = 1}},
    {{1, 9, 4, 8}, {3, 3, 8, 8}, {.pad = {0, 2}}},
    {{2, 7, 6, 3}, {3, 3, 3, 5}, {.stride = 2, .pad = 1}},
    {{2, 6, 5, 4}, {1, 1, 4, 9}, {.stride = {2, 1}}},
    {{1, 8, 7, 2}, {5, 3, 2, 3}, {.pad = {2, 1}, .dilation = {1, 2}}},
    {{1, 5, 5, 8}, {3, 3, 2, 8}, {.pad = 1, .groups = 4}},
    {{1, 6, 5, 6}, {3, 3, 1, 6}, {.stride = 2, .pad = 1, .groups = 6}},
};

using enum Conv2dAlgorithm;
constexpr Conv2dAlgorithm algorithms[] = {reference, blas, direct, winograd};

Conv2dOptions with(Conv2dAlgorithm algorithm, Conv2dOptions options) {
  options.algorithm = algorithm;
  return options;
}

// Value and gradients are those of the algorithm that was asked for, bit for bit.
TEST(Conv2dAlgorithms, TheAlgorithmAskedForComputesValueAndGradients) {
  for (const Case& c : cases)
    for (const Conv2dAlgorithm algorithm : algorithms) {
      const Conv2dShape q(c.x, c.w, c.options);
      if (algorithm == winograd && !winograd_supports(q)) continue;
      Rng rng(0);
      const Var x = parameter(normal(c.x, rng)), w = parameter(normal(c.w, rng));
      const Tensor dy = normal(q.y(), rng);
      const Var y = conv2d(x, w, with(algorithm, c.options));
      backward(y, dy.clone());
      const Conv2dFunctions& f = conv2d_functions(algorithm);
      EXPECT_TRUE(same_bits(y->value, f.y(q, x->value, w->value))) << f.name;
      EXPECT_TRUE(same_bits(x->grad, f.dx(q, dy, w->value))) << f.name;
      EXPECT_TRUE(same_bits(w->grad, f.dw(q, x->value, dy))) << f.name;
    }
}

TEST(Conv2dAlgorithms, WinogradRefusesAShapeThatItDoesNotSupport) {
  EXPECT_TRUE(fails_saying<Error>(
      [] {
        conv2d(zeros({1, 7, 7, 2}), zeros({5, 5, 2, 3}), {.algorithm = winograd});
      },
      {"winograd", "[5, 5, 2, 3]", "3x3", "Conv2dAlgorithm::automatic"}));
}

// A layer takes the algorithm of the implementation in use, unless it has one of its own. A linear
// layer whose weight has the shape of a 1x1 convolution is a convolution too.
TEST(Conv2dAlgorithms, LayersTakeTheAlgorithmInUse) {
  Rng rng(0);
  const Var x = normal({2, 6, 5, 16}, rng);
  const Conv2d layer(16, 16, 3, rng, {.pad = 1}),
      own(16, 16, 3, rng, {.pad = 1, .algorithm = direct});
  const Linear linear(16, 4, rng, Bias::none, WeightShape::conv1x1);
  for (const Conv2dAlgorithm algorithm : algorithms) {
    const UseImplementation use({.conv = algorithm});
    const auto expected = [&](const Var& w, Conv2dAlgorithm a, const Conv2dOptions& o) {
      return conv2d(x->value, w->value, with(a, o));
    };
    EXPECT_TRUE(same_bits(layer(x)->value, expected(layer.w, algorithm, {.pad = 1})));
    EXPECT_TRUE(same_bits(own(x)->value, expected(own.w, direct, {.pad = 1})));
    if (algorithm == winograd) continue;
    EXPECT_TRUE(same_bits(linear(x)->value, expected(linear.w, algorithm, {})));
  }
  EXPECT_FALSE(same_bits(conv2d(x->value, layer.w->value, {.pad = 1, .algorithm = blas}),
                         conv2d(x->value, layer.w->value, {.pad = 1, .algorithm = winograd})))
      << "the comparison above would not notice another algorithm";
}

#ifdef EXCITE_DOUBLE
TEST(Conv2dAlgorithms, GradientsMatchFiniteDifferences) {
  long winograds = 0;
  for (const Case& c : cases)
    for (const Conv2dAlgorithm algorithm : algorithms) {
      if (algorithm == winograd && !winograd_supports({c.x, c.w, c.options})) continue;
      winograds += algorithm == winograd;
      Rng rng(0);
      const GradcheckReport report = check_gradient(
          [&](const std::vector<Var>& in) {
            return conv2d(in[0], in[1], with(algorithm, c.options));
          },
          {normal(c.x, rng), normal(c.w, rng)});
      EXPECT_TRUE(report.ok) << conv2d_functions(algorithm).name << ", input " << c.x << ", weight "
                             << c.w << ": " << report;
    }
  EXPECT_EQ(winograds, 3);
}
#endif

}  // namespace
}  // namespace excite
