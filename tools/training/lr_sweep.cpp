#include "tools/training/lr_sweep.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "core/text.h"

namespace excite {

void check_sweep(const LrSweepOptions& o) {
  require<UsageError>(o.first > 0 && o.first < o.last, "learning rates from ", o.first, " to ",
                      o.last, ": expected numbers above 0, the smaller one first");
  require<UsageError>(o.steps >= 10, o.steps, " steps, expected at least 10");
}

LrSweep sweep_learning_rates(TrainingStep& step, const LrSweepOptions& o,
                             const std::function<bool()>& stop) {
  check_sweep(o);
  const auto rate = [=](long i) {
    const double part = static_cast<double>(i) / static_cast<double>(o.steps - 1);
    return o.first * std::pow(o.last / o.first, part);
  };
  step.set_learning_rates(rate);
  constexpr double decay = 0.9, explosion = 4;
  LrSweep sweep;
  double sum = 0, weight = 0, lowest = 0;
  for (long i = 0; i < o.steps; i++) {
    if (stop && stop()) break;
    StepResult result{};
    try {
      result = step(i);
    } catch (const Diverged&) {
      sweep.exploded_at = rate(i);
      break;
    }
    if (result.skipped) continue;
    sum = decay * sum + result.loss, weight = decay * weight + 1;
    const double smoothed = sum / weight;
    sweep.points.push_back({rate(i), result.loss, smoothed});
    lowest = sweep.points.size() == 1 ? smoothed : std::min(lowest, smoothed);
    if (smoothed > explosion * lowest) {
      sweep.exploded_at = rate(i);
      break;
    }
  }
  return sweep;
}

namespace {

double two_digits(double number) {  // significant ones
  const double power = std::pow(10, std::floor(std::log10(number)) - 1);
  return std::round(number / power) * power;
}

// Of the least-squares line through points begin, ..., end - 1: the change of the loss when the
// rate grows tenfold.
double slope(const std::vector<LrPoint>& points, std::size_t begin, std::size_t end) {
  double x_mean = 0, y_mean = 0;
  const double n = static_cast<double>(end - begin);
  for (std::size_t i = begin; i < end; i++)
    x_mean += std::log10(points[i].lr) / n, y_mean += points[i].smoothed / n;
  double xy = 0, xx = 0;
  for (std::size_t i = begin; i < end; i++) {
    const double x = std::log10(points[i].lr) - x_mean;
    xy += x * (points[i].smoothed - y_mean), xx += x * x;
  }
  return xy / xx;
}

}  // namespace

LrSuggestion suggest_learning_rate(const LrSweep& sweep) {
  const std::vector<LrPoint>& points = sweep.points;
  constexpr std::size_t window = 9;  // points of a line
  const auto lowest =
      std::min_element(points.begin(), points.end(),
                       [](const LrPoint& a, const LrPoint& b) { return a.smoothed < b.smoothed; });
  const auto before = static_cast<std::size_t>(lowest - points.begin()) + 1;
  LrSuggestion best;
  double steepest = 0;
  for (std::size_t begin = 0; begin + window <= std::min(before, points.size()); begin++)
    if (const double fall = -slope(points, begin, begin + window); fall > steepest)
      steepest = fall, best.lr = points[begin + window / 2].lr;
  const std::string end =
      sweep.exploded_at > 0 ? text(" and explodes at ", two_digits(sweep.exploded_at)) : "";
  if (best.lr == 0)
    return {0, text("the loss does not fall at any of the rates", end,
                    "; try smaller ones, or more steps")};
  best.lr = two_digits(best.lr);
  best.reason = text("the loss falls fastest there, by ", decimal(steepest, 2),
                     " when the rate grows tenfold; it is lowest at ", two_digits(lowest->lr), end);
  return best;
}

}  // namespace excite
