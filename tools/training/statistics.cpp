#include "tools/training/statistics.h"

#include <algorithm>
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

namespace {
// The difference of two means, and what Welch knows about its error.
struct Welch {
  double difference, error, degrees;
  bool is_known;
};
Welch welch(const std::vector<double>& a, const std::vector<double>& b) {
  const double difference = mean(b) - mean(a);
  if (a.size() < 2 || b.size() < 2) return {difference, unknown, 0, false};
  const double va = variance_of_mean(a), vb = variance_of_mean(b);
  const double degrees =
      (va + vb) * (va + vb) /
      (va * va / static_cast<double>(a.size() - 1) + vb * vb / static_cast<double>(b.size() - 1));
  return {difference, std::sqrt(va + vb), degrees, true};
}
}  // namespace

Estimate estimate_difference(const std::vector<double>& a, const std::vector<double>& b) {
  const Welch w = welch(a, b);
  if (!w.is_known || w.error == 0) return {w.difference, w.error};
  return {w.difference, student_t95(w.degrees) * w.error};
}

double p_of_difference(const std::vector<double>& a, const std::vector<double>& b) {
  const Welch w = welch(a, b);
  if (!w.is_known || w.difference == 0) return 1;
  if (w.error == 0) return 0;
  const double t = std::abs(w.difference) / w.error;
  return std::clamp(1 - 2 * probability_up_to(t, w.degrees), 0.0, 1.0);
}

std::vector<double> adjust_holm(const std::vector<double>& p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t i, std::size_t k) { return p[i] < p[k]; });
  std::vector<double> adjusted(p.size());
  double largest = 0;
  for (std::size_t k = 0; k < order.size(); k++) {
    largest = std::max(largest, p[order[k]] * static_cast<double>(p.size() - k));
    adjusted[order[k]] = std::min(1.0, largest);
  }
  return adjusted;
}

}  // namespace excite
