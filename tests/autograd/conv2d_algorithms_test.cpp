// A network uses the convolution algorithm that a rule chooses from the shape. Here the gradients
// of every algorithm are checked, on every shape that it supports. Needs double, see gradcheck.h.
#include <gtest/gtest.h>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "core/kernels/conv2d_algorithms.h"
#include "core/random.h"

#ifdef EXCITE_DOUBLE

namespace excite {
namespace {

Var conv2d_by(const Conv2dFunctions& algorithm, const Conv2dShape& q, const Var& x, const Var& w) {
  return result("conv2d", algorithm.y(q, x->value, w->value), {x, w}, [=](Node& y) {
    x.add_grad(algorithm.dx(q, y.grad, w->value));
    w.add_grad(algorithm.dw(q, x->value, y.grad));
  });
}

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

TEST(Conv2dAlgorithms, GradientsMatchFiniteDifferences) {
  long winograds = 0;
  for (const Case& c : cases) {
    const Conv2dShape q(c.x, c.w, c.options);
    for (const Conv2dFunctions* algorithm :
         {&reference_conv2d, &blas_conv2d, &direct_conv2d, &winograd_conv2d}) {
      if (algorithm == &winograd_conv2d && !winograd_supports(q)) continue;
      winograds += algorithm == &winograd_conv2d;
      Rng rng(0);
      const GradcheckReport report = check_gradient(
          [&](const std::vector<Var>& in) { return conv2d_by(*algorithm, q, in[0], in[1]); },
          {normal(c.x, rng), normal(c.w, rng)});
      EXPECT_TRUE(report.ok) << algorithm->name << ", input " << c.x << ", weight " << c.w << ": "
                             << report;
    }
  }
  EXPECT_EQ(winograds, 3);
}

}  // namespace
}  // namespace excite

#endif
