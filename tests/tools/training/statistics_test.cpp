#include "tools/training/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/check.h"

namespace excite {
namespace {

// From the tables of Student's distribution; with one degree, t = tan(0.475 pi).
TEST(Statistics, StudentsTIsThatOfTheTables) {
  EXPECT_NEAR(student_t95(1), 12.7062, 1e-4);
  EXPECT_NEAR(student_t95(2), 4.30265, 1e-5);
  EXPECT_NEAR(student_t95(4), 2.77645, 1e-5);
  EXPECT_NEAR(student_t95(30), 2.04227, 1e-5);
  EXPECT_NEAR(student_t95(1000), 1.96234, 1e-5);
  EXPECT_GT(student_t95(2.5), student_t95(3));
  EXPECT_THROW(student_t95(0), Error);
}

// The example of tools/README.md. 70, 72, 74: mean 72, deviation 2, 4.303 * 2 / sqrt(3) = 4.97.
// 75, 77, 79: the difference is 5, its variance 4 / 3 + 4 / 3, and 2.776 sqrt(8 / 3) = 4.53.
TEST(Statistics, ByHand) {
  const std::vector<double> a{70, 72, 74}, b{75, 77, 79};
  EXPECT_DOUBLE_EQ(mean(a), 72);
  EXPECT_DOUBLE_EQ(deviation(a), 2);
  EXPECT_NEAR(estimate_mean(a).half_width, 4.97, 0.005);
  EXPECT_DOUBLE_EQ(estimate_difference(a, b).mean, 5);
  EXPECT_NEAR(estimate_difference(a, b).half_width, 4.53, 0.005);
}

// The table of Student's distribution: t = 2.776 is exceeded with 5 % at 4 degrees, 4.604 with 1 %.
// The values a and b above have t = 5 / sqrt(8 / 3) = 3.062, whose p is 0.0376.
TEST(Statistics, PValuesAreThoseOfTheTables) {
  const std::vector<double> a{70, 72, 74}, b{75, 77, 79};
  EXPECT_NEAR(p_of_difference(a, b), 0.0376, 1e-4);
  const auto with_t = [&](double t) {
    const double shift = t * std::sqrt(8.0 / 3);
    return p_of_difference(a, {70 + shift, 72 + shift, 74 + shift});
  };
  EXPECT_NEAR(with_t(2.77645), 0.05, 1e-6);
  EXPECT_NEAR(with_t(-4.60409), 0.01, 1e-6);
  EXPECT_EQ(p_of_difference(a, a), 1);
  EXPECT_EQ(p_of_difference({70}, b), 1) << "one run tells nothing";
  EXPECT_EQ(p_of_difference({70, 70}, {71, 71}), 0);
}

// Four tests: 0.01 * 4 = 0.04, 0.02 * 3 = 0.06, 0.022 * 2 = 0.044, which may not be below 0.06, and
// 0.6 * 1.
TEST(Statistics, HolmsAdjustmentByHand) {
  const std::vector<double> p = adjust_holm({0.02, 0.6, 0.01, 0.022});
  ASSERT_EQ(p.size(), 4u);
  EXPECT_NEAR(p[0], 0.06, 1e-12);
  EXPECT_NEAR(p[1], 0.6, 1e-12);
  EXPECT_NEAR(p[2], 0.04, 1e-12);
  EXPECT_NEAR(p[3], 0.06, 1e-12);
  EXPECT_EQ(adjust_holm({0.5, 0.9}), (std::vector<double>{1, 1}));
  EXPECT_TRUE(adjust_holm({}).empty());
}

TEST(Statistics, OfOneRunNothingIsKnownAboutItsSpread) {
  EXPECT_TRUE(std::isinf(estimate_mean({70}).half_width));
  EXPECT_TRUE(std::isinf(estimate_difference({70}, {71, 72}).half_width));
  EXPECT_EQ(estimate_difference({70, 70}, {71, 71}).half_width, 0);
}

}  // namespace
}  // namespace excite
