#include "core/kernels/softmax.h"

#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

constexpr double tolerance = in_double_build ? 1e-12 : 1e-5;

struct Definition {
  std::vector<double> p, logp;    // softmax and log_softmax
  std::vector<double> dp, dlogp;  // dx of either
};
Definition define(const Tensor& x, const Tensor& dy) {
  Definition d;
  const long n = x.dim(-1);
  for (long row = 0; row < x.size(); row += n) {
    double largest = static_cast<double>(x[row]), total = 0, dy_p = 0, sum_dy = 0;
    for (long i = 0; i < n; i++) largest = std::max(largest, static_cast<double>(x[row + i]));
    for (long i = 0; i < n; i++) total += std::exp(static_cast<double>(x[row + i]) - largest);
    for (long i = 0; i < n; i++) {
      d.logp.push_back(static_cast<double>(x[row + i]) - largest - std::log(total));
      d.p.push_back(std::exp(d.logp.back()));
      dy_p += static_cast<double>(dy[row + i]) * d.p.back();
      sum_dy += static_cast<double>(dy[row + i]);
    }
    for (long i = row; i < row + n; i++) {
      const double p = d.p[i];
      d.dp.push_back(p * (static_cast<double>(dy[i]) - dy_p));
      d.dlogp.push_back(static_cast<double>(dy[i]) - p * sum_dy);
    }
  }
  return d;
}

TEST(Softmax, AndLogSoftmaxMatchTheirDefinitions) {
  Rng rng(0);
  for (const real size : {real(0.01), real(1), real(8), real(80)})
    for (const Shape& shape :
         {Shape{5, 10}, Shape{1}, Shape{7}, Shape{200, 3}, Shape{2, 3, 4, 5}}) {
      const Tensor x = uniform(shape, rng, -size, size), dy = uniform(shape, rng, -1);
      const Definition d = define(x, dy);
      const Tensor p = softmax(x), logp = log_softmax(x);
      EXPECT_TRUE(close(p, tensor_of(shape, d.p), tolerance)) << shape << " " << size;
      EXPECT_TRUE(close(logp, tensor_of(shape, d.logp), tolerance)) << shape << " " << size;
      const double largest_dy = 1;  // a gradient may be nearly 0, so its error is relative to dy
      const auto near = [&](const Tensor& dx, const std::vector<double>& expected) {
        for (long i = 0; i < dx.size(); i++)
          EXPECT_NEAR(static_cast<double>(dx[i]), expected[i], tolerance * largest_dy);
      };
      near(softmax_dx(dy, p), d.dp);
      near(log_softmax_dx(dy, logp), d.dlogp);
    }
}

TEST(Softmax, DoesNotOverflow) {
  const real huge = real(1e30);
  const Tensor x({2, 3}, {huge, huge, -huge, -huge, -huge, -huge});
  const real third = 1 / real(3);
  EXPECT_TRUE(
      close(softmax(x), Tensor({2, 3}, {real(0.5), real(0.5), 0, third, third, third}), 1e-6));
  EXPECT_TRUE(close(log_softmax(Tensor({1, 2}, {1000, 0})), Tensor({1, 2}, {0, -1000}), 1e-6));
}

TEST(SmoothedOneHot, SpreadsTheSmoothingOverAllClasses) {
  const real low = real(0.05), high = real(0.85);
  EXPECT_TRUE(close(smoothed_one_hot({2, 0}, 4, real(0.2)),
                    Tensor({2, 4}, {low, low, high, low, high, low, low, low}), 1e-6));
  EXPECT_TRUE(same_bits(smoothed_one_hot({1}, 3, 0), Tensor({1, 3}, {0, 1, 0})));
}

TEST(SmoothedOneHot, RejectsALabelOutsideTheClasses) {
  EXPECT_TRUE(fails_saying([] { smoothed_one_hot({0, 3}, 3, 0); }, {"label 1 is 3", "0 to 2"}));
  EXPECT_TRUE(fails_saying([] { smoothed_one_hot({-1}, 3, 0); }, {"label 0 is -1"}));
}

TEST(TotalWeight, IsTheSumOfTheWeightsOfAllLabels) {
  const Tensor weights({3}, {1, 0, real(2.5)});
  EXPECT_EQ(total_weight({0, 2, 1, 2}, weights), 6);
  EXPECT_TRUE(fails_saying([&] { total_weight({1, 1}, weights); }, {"2 labels are 0"}));
  EXPECT_TRUE(fails_saying(
      [] {
        total_weight({0}, Tensor({2}, {1, -2}));
      },
      {"weight of class 1 is -2", "at least 0"}));
}

TEST(Softmax, ErrorsNameTheShapes) {
  EXPECT_TRUE(fails_saying([] { softmax(zeros({})); }, {"softmax", "[]"}));
  EXPECT_TRUE(fails_saying([] { softmax(zeros({3, 0})); }, {"softmax", "[3, 0]"}));
  EXPECT_TRUE(fails_saying([] { softmax_dx(zeros({2, 3}), zeros({3, 2})); }, {"[2, 3]", "[3, 2]"}));
}

}  // namespace
}  // namespace excite
