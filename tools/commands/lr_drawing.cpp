#include "tools/commands/lr_drawing.h"

#include <algorithm>
#include <cmath>

#include "core/text.h"
#include "tools/commands/svg.h"

namespace excite {

namespace {

constexpr double left = 60, right = 740, top = 40, bottom = 340;

struct Plane {
  double first = 0, last = 1;      // exponents of 10 of the rates
  double lowest = 0, highest = 1;  // of the smoothed losses
  double x(double lr) const {
    return left + (right - left) * (std::log10(lr) - first) / (last - first);
  }
  double y(double loss) const {  // on the edge if it is outside
    const double part = std::clamp((loss - lowest) / (highest - lowest), 0.0, 1.0);
    return bottom - (bottom - top) * part;
  }
};

// At the top is the first loss and half as much again, so that an explosion does not flatten the
// rest.
Plane plane_of(const std::vector<LrPoint>& points) {
  Plane p;
  if (points.size() < 2) return p;
  p.first = std::log10(points.front().lr), p.last = std::log10(points.back().lr);
  const auto [low, high] = std::minmax_element(
      points.begin(), points.end(),
      [](const LrPoint& a, const LrPoint& b) { return a.smoothed < b.smoothed; });
  const double range = std::max(1e-9, points.front().smoothed - low->smoothed);
  p.lowest = low->smoothed - 0.1 * range;
  p.highest = std::min(high->smoothed, points.front().smoothed + 0.5 * range) + 0.1 * range;
  return p;
}

Markup axes(const Plane& p) {
  Markup drawn;
  for (double exponent = std::ceil(p.first); exponent <= p.last; exponent++) {
    const double lr = std::pow(10, exponent), x = p.x(lr);
    drawn += svg::line(x, top, x, bottom, {{"stroke-opacity", "0.3"}}) +
             svg::label(x, bottom + 18, "middle", text(lr));
  }
  for (int i = 0; i <= 4; i++) {
    const double loss = p.lowest + (p.highest - p.lowest) * i / 4;
    drawn += svg::line(left, p.y(loss), right, p.y(loss), {{"stroke-opacity", "0.3"}}) +
             svg::label(left - 6, p.y(loss) + 4, "end", decimal(loss, 2));
  }
  return drawn + svg::label((left + right) / 2, bottom + 36, "middle", "learning rate") +
         svg::label(left, top - 14, "middle", "loss");
}

}  // namespace

Markup draw_lr_sweep(const LrSweep& sweep, const LrSuggestion& suggestion) {
  const Plane p = plane_of(sweep.points);
  Markup body = axes(p);
  std::string line;
  for (const LrPoint& point : sweep.points) {
    const double x = p.x(point.lr);
    body += svg::circle(x, p.y(point.loss), 2, svg::gray);
    line += text(line.empty() ? "" : " ", svg::tenths(x), ",", svg::tenths(p.y(point.smoothed)));
  }
  if (!line.empty())
    body += empty_element(
        "polyline",
        {{"points", line}, {"fill", "none"}, {"stroke", svg::colors[0]}, {"stroke-width", "2"}});
  if (suggestion.lr > 0) {
    const double x = p.x(suggestion.lr);
    body += empty_element("path", {{"d", text("M", svg::tenths(x), " ", top, "V", bottom)},
                                   {"stroke", svg::colors[1]},
                                   {"stroke-width", "2"}}) +
            svg::label(x, top - 14, "middle", text("suggested: ", suggestion.lr), svg::colors[1]);
  }
  return svg::drawing(right + 20, bottom + 50, body);
}

}  // namespace excite
