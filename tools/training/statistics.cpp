#include "tools/training/statistics.h"

#include <cmath>
#include <limits>
#include <numeric>

#include "core/check.h"

namespace excite {

namespace {

constexpr double pi = 3.14159265358979323846;

// The probability of [0, t], by Simpson's rule in u with x = sqrt(degrees) tan(u), where the
// density is proportional to cos(u)^(degrees - 1).
double probability_up_to(double t, double degrees) {
  constexpr long intervals = 2000;
  const double log_factor = std::lgamma((degrees + 1) / 2) - std::lgamma(degrees / 2);
  const double h = std::atan(t / std::sqrt(degrees)) / intervals;
  double sum = 0;
  for (long i = 0; i <= intervals; i++) {
    const double weight = i == 0 || i == intervals ? 1 : i % 2 == 1 ? 4 : 2;
    sum += weight * std::pow(std::cos(static_cast<double>(i) * h), degrees - 1);
  }
  return std::exp(log_factor) / std::sqrt(pi) * sum * h / 3;
}

double variance_of_mean(const std::vector<double>& values) {
  return std::pow(deviation(values), 2) / static_cast<double>(values.size());
}

constexpr double unknown = std::numeric_limits<double>::infinity();

}  // namespace

double student_t95(double degrees) {
  require(degrees > 0, "student_t95: ", degrees, " degrees of freedom, expected more than 0");
  double low = 1, high = 1e9;
  for (int i = 0; i < 200 && high - low > 1e-12 * high; i++) {
    const double middle = std::sqrt(low * high);
    (probability_up_to(middle, degrees) < 0.475 ? low : high) = middle;
  }
  return high;
}

double mean(const std::vector<double>& values) {
  require(!values.empty(), "mean: there are no values");
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double deviation(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  const double m = mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - m) * (value - m);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

Estimate estimate_mean(const std::vector<double>& values) {
  if (values.size() < 2) return {mean(values), unknown};
  return {mean(values), student_t95(static_cast<double>(values.size() - 1)) *
                            std::sqrt(variance_of_mean(values))};
}

Estimate estimate_difference(const std::vector<double>& a, const std::vector<double>& b) {
  const double difference = mean(b) - mean(a);
  if (a.size() < 2 || b.size() < 2) return {difference, unknown};
  const double va = variance_of_mean(a), vb = variance_of_mean(b);
  if (va + vb == 0) return {difference, 0};
  const double degrees =
      (va + vb) * (va + vb) /
      (va * va / static_cast<double>(a.size() - 1) + vb * vb / static_cast<double>(b.size() - 1));
  return {difference, student_t95(degrees) * std::sqrt(va + vb)};
}

}  // namespace excite
