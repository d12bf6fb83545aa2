// The gradient check of functions of plain numbers, which use nothing of this library.
#include <gtest/gtest.h>

#include <cmath>
#include <span>

#include "autograd/gradcheck.h"
#include "core/check.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

#ifdef EXCITE_DOUBLE

// f = x0^2 + 3 x0 x1, shown in the README.
TEST(GradcheckFunction, ChecksAValueAndAGradient) {
  const auto value = [](std::span<const double> x) { return x[0] * x[0] + 3 * x[0] * x[1]; };
  const auto gradient = [](std::span<const double> x) {
    return std::vector<double>{2 * x[0] + 3 * x[1], 3 * x[0]};
  };
  const GradcheckReport report = check_function_gradient(value, gradient, {0.7, -1.2});
  EXPECT_TRUE(report.ok) << report << "\n" << report.table();
  EXPECT_EQ(report.checked, 2);
}

// The numbers in the report are those of the function: the loss is the value itself.
TEST(GradcheckFunction, ReportsTheElementAndBothValues) {
  const auto value = [](const std::vector<double>& x) { return x[0] * x[1]; };
  const auto gradient = [](const std::vector<double>& x) {
    return std::vector<double>{x[1], x[1]};
  };
  const auto report = check_function_gradient(value, gradient, {2, 5});
  EXPECT_FALSE(report.ok);
  EXPECT_TRUE(report.message.starts_with("input 0 [2], element [1]: analytic 5, numeric 2, error "))
      << report;
}

TEST(GradcheckFunction, ChecksAFunctionWithSeveralResults) {
  // y_i = x_i / |x|, so dx = (dy - y <y, dy>) / |x|.
  const auto value = [](std::vector<double> x) {
    const double length = std::hypot(x[0], x[1], x[2]);
    for (double& v : x) v /= length;
    return x;
  };
  const auto vjp = [&](const std::vector<double>& x, const std::vector<double>& dy) {
    const std::vector<double> y = value(x);
    std::vector<double> dx(3);
    for (int i = 0; i < 3; i++)
      dx[i] = (dy[i] - y[i] * (y[0] * dy[0] + y[1] * dy[1] + y[2] * dy[2])) /
              std::hypot(x[0], x[1], x[2]);
    return dx;
  };
  const auto without_length = [&](const std::vector<double>& x, const std::vector<double>& dy) {
    std::vector<double> dx(3);
    for (int i = 0; i < 3; i++) dx[i] = dy[i] / std::hypot(x[0], x[1], x[2]);
    return dx;
  };
  const auto right = check_function_gradient(value, vjp, {1, -2, 0.5});
  EXPECT_TRUE(right.ok) << right;
  EXPECT_FALSE(check_function_gradient(value, without_length, {1, -2, 0.5}).ok);
}

TEST(GradcheckFunction, ReportsAGradientOfAnotherLength) {
  const auto value = [](const std::vector<double>& x) { return x[0] + x[1] + x[2]; };
  const auto gradient = [](const std::vector<double>&) { return std::vector<double>{1, 1}; };
  expect_contains(check_function_gradient(value, gradient, {1, 2, 3}).message,
                  "the backward of function: a gradient of shape [2] flows into input 0 [3]");
}

TEST(GradcheckFunction, ReportsTheDomain) {
  const auto value = [](const std::vector<double>& x) { return std::log(x[0]) + x[1]; };
  const auto gradient = [](const std::vector<double>& x) {
    return std::vector<double>{1 / x[0], 1};
  };
  expect_contains(check_function_gradient(value, gradient, {-3, 1}).message,
                  "input 0 [2], element [0] = -3: f is not finite there (nan), but it is at 3");
}

#else

TEST(GradcheckFunction, RefusesFloatAndNamesTheLibraryToLink) {
  const auto report = check_function_gradient(
      [](const std::vector<double>& x) { return x[0]; },
      [](const std::vector<double>&) { return std::vector<double>{1}; }, {1});
  EXPECT_FALSE(report.ok);
  expect_contains(report.message, "link the double library");
}

#endif

}  // namespace
}  // namespace excite
