#include "tools/study/results_drawing.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "tools/commands/curves.h"
#include "tools/commands/svg.h"

namespace excite {

namespace {

constexpr double left = 170, right = 730, top = 16, row_height = 34;

struct Axis {
  double low, high, step;  // in percent; low and high are multiples of the step
  double x(double percent) const { return left + (right - left) * (percent - low) / (high - low); }
};

// Of all dots and all ends of intervals.
Axis axis_of(const std::vector<Arm>& arms) {
  double low = 100, high = 0;
  for (const Arm& arm : arms) {
    const Estimate mean = estimate_mean(arm.values);
    const double h = std::isfinite(mean.half_width) ? mean.half_width : 0;
    const auto [least, most] = std::minmax_element(arm.values.begin(), arm.values.end());
    low = std::min({low, 100 * *least, 100 * (mean.mean - h)});
    high = std::max({high, 100 * *most, 100 * (mean.mean + h)});
  }
  const double step = round_step(std::max(high - low, 0.1), 8);
  return {step * std::floor(low / step), step * (std::floor(high / step) + 1), step};
}

Markup draw_arm(const Arm& arm, const Axis& axis, double y) {
  Markup drawn = svg::label(left - 12, y + 4, "end", arm.name);
  for (const double value : arm.values)
    drawn += svg::circle(axis.x(100 * value), y - 4, 3, svg::colors[0], {{"fill-opacity", "0.6"}});
  const Estimate mean = estimate_mean(arm.values);
  const double middle = axis.x(100 * mean.mean);
  drawn += svg::line(middle, y + 3, middle, y + 13, {{"stroke-width", "2"}});
  if (std::isfinite(mean.half_width))
    drawn += svg::line(axis.x(100 * (mean.mean - mean.half_width)), y + 8,
                       axis.x(100 * (mean.mean + mean.half_width)), y + 8, {{"stroke-width", "2"}});
  return drawn;
}

}  // namespace

Markup draw_results(const std::vector<Arm>& arms, const std::string& quantity) {
  const Axis axis = axis_of(arms);
  const double bottom = top + row_height * static_cast<double>(arms.size());
  Markup body;
  const long ticks = std::lround((axis.high - axis.low) / axis.step);
  for (long i = 0; i <= ticks; i++) {
    const double percent = axis.low + static_cast<double>(i) * axis.step, x = axis.x(percent);
    body += svg::line(x, top, x, bottom, {{"stroke-opacity", "0.3"}}) +
            svg::label(x, bottom + 18, "middle", text(std::round(100 * percent) / 100, " %"));
  }
  body += svg::label((left + right) / 2, bottom + 38, "middle", quantity);
  double y = top + row_height / 2;
  for (const Arm& arm : arms) {
    body += draw_arm(arm, axis, y);
    y += row_height;
  }
  return svg::drawing(760, bottom + 48, body);
}

}  // namespace excite
