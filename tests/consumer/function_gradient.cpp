// A function that uses nothing of excite, and a test of its gradient.
#include <excite/autograd/gradcheck.h>
#include <gtest/gtest.h>

TEST(MyFunction, GradientMatchesFiniteDifferences) {
  // x0^2 + 3 x0 x1, and its derivatives by x0 and by x1
  const auto value = [](const auto& x) { return x[0] * x[0] + 3 * x[0] * x[1]; };
  const auto gradient = [](const auto& x) { return std::vector{2 * x[0] + 3 * x[1], 3 * x[0]}; };
  const auto report = excite::check_function_gradient(value, gradient, {0.7, -1.2});
  EXPECT_TRUE(report.ok) << report << "\n" << report.table();
}
