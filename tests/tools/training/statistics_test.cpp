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

TEST(Statistics, OfOneRunNothingIsKnownAboutItsSpread) {
  EXPECT_TRUE(std::isinf(estimate_mean({70}).half_width));
  EXPECT_TRUE(std::isinf(estimate_difference({70}, {71, 72}).half_width));
  EXPECT_EQ(estimate_difference({70, 70}, {71, 71}).half_width, 0);
}

}  // namespace
}  // namespace excite
