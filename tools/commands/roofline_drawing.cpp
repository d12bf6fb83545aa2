#include "tools/commands/roofline_drawing.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "tools/commands/label_placement.h"
#include "tools/commands/svg.h"

namespace excite {

namespace {

// A logarithmic axis: exponents of 10 from `first` to `last` over pixels from `begin` to `end`.
struct Axis {
  double first, last, begin, end;
  double at(double value) const {
    return begin + (end - begin) * (std::log10(value) - first) / (last - first);
  }
};

Axis axis_over(const std::vector<double>& values, double begin, double end) {
  constexpr double margin = 0.25;
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  return {std::log10(*min) - margin, std::log10(*max) + margin, begin, end};
}

std::vector<double> decades(const Axis& axis) {
  std::vector<double> values;
  for (double exponent = std::ceil(axis.first); exponent <= axis.last; exponent++)
    values.push_back(std::pow(10, exponent));
  return values;
}

constexpr double left = 64, top = 44, right = 744, bottom = 484;

struct Plane {
  Axis x, y;
};

// Shows all dots and the ridge, at which the sloped and the flat part of the roof meet.
Plane plane_of(const Roofline& r) {
  const double ridge = r.roof.gflops / r.roof.gbytes;
  std::vector<double> xs{ridge / 3, 3 * ridge}, ys{2 * r.roof.gflops};
  for (const RooflineDot& dot : r.dots) xs.push_back(dot.x), ys.push_back(dot.y);
  return {axis_over(xs, left, right), axis_over(ys, bottom, top)};
}

double radius(const RooflineDot& dot) {
  return std::max(2.5, 24 * std::sqrt(std::min(dot.share, 1.0)));
}

Markup axes(const Plane& p, const std::string& title) {
  Markup drawn = svg::label((left + right) / 2, 16, "middle", title);
  for (const double value : decades(p.x)) {
    const double x = p.x.at(value);
    drawn += svg::line(x, top, x, bottom, {{"stroke-opacity", "0.3"}}) +
             svg::label(x, bottom + 18, "middle", text(value));
  }
  for (const double value : decades(p.y)) {
    const double y = p.y.at(value);
    drawn += svg::line(left, y, right, y, {{"stroke-opacity", "0.3"}}) +
             svg::label(left - 6, y + 4, "end", text(value));
  }
  drawn += svg::line(left, top, left, bottom) + svg::line(left, bottom, right, bottom);
  return drawn + svg::label((left + right) / 2, bottom + 36, "middle", "flop / byte") +
         svg::label(left, top - 10, "middle", "GFLOP/s");
}

constexpr double letter_width = 7.5;  // on average

// The label of the sloped limit, drawn along it where it covers the least of `taken`.
Markup label_along(double x1, double y1, double x2, double y2, const std::string& words,
                   std::vector<Box>& taken) {
  constexpr double above = 8;
  const double angle = std::atan2(y2 - y1, x2 - x1),
               half = letter_width * static_cast<double>(words.size()) / 2;
  double x = 0, y = 0, min_cost = 1e300;
  std::vector<Box> best;
  for (const double part : {0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.2}) {
    const double at_x = x1 + part * (x2 - x1) + above * std::sin(angle),
                 at_y = y1 + part * (y2 - y1) - above * std::cos(angle);
    std::vector<Box> boxes;
    double cost = 0;
    for (double d = -half; d <= half; d += 6)
      boxes.push_back(box_around(at_x + d * std::cos(angle), at_y + d * std::sin(angle), 12, 14));
    for (const Box& box : boxes) cost += covered_area(box, taken);
    if (cost < min_cost - min_cost_difference) min_cost = cost, x = at_x, y = at_y, best = boxes;
  }
  taken.insert(taken.end(), best.begin(), best.end());
  const std::string degrees = svg::tenths(angle * 180 / M_PI);
  return svg::label(
      x, y, "middle", words, svg::gray,
      {{"transform", text("rotate(", degrees, " ", svg::tenths(x), " ", svg::tenths(y), ")")}});
}

// The roof with the label of each limit along it.
Markup roof(const Plane& p, const Limits& limits, std::vector<Box>& taken) {
  const double ridge = p.x.at(limits.gflops / limits.gbytes), peak = p.y.at(limits.gflops);
  const double lowest =
      std::max(std::pow(10, p.x.first),
               std::pow(10, p.y.first) / limits.gbytes);  // flops per byte where the slope begins
  const double x = p.x.at(lowest), y = p.y.at(lowest * limits.gbytes),
               slope = (peak - y) / (ridge - x);
  const auto rounded = [](double limit) {
    return limit < 10 ? svg::tenths(limit) : text(std::lround(limit));
  };
  const std::string compute = text("multiply-adds ", rounded(limits.gflops), " GFLOP/s"),
                    memory = text("memory ", rounded(limits.gbytes), " GB/s");

  Markup drawn =
      svg::line(x, y, ridge, peak, {{"stroke-width", "2.5"}, {"stroke-linecap", "round"}}) +
      svg::line(ridge, peak, right, peak, {{"stroke-width", "2.5"}, {"stroke-linecap", "round"}});
  drawn += label_along(x, y, ridge, peak, memory, taken);
  const double width = letter_width * static_cast<double>(compute.size()),
               begin = std::min(ridge + 6, right - width);
  drawn += svg::label(begin, peak - 8, "start", compute);
  taken.push_back({begin, peak - 22, begin + width, peak - 4});
  constexpr double step = 4, clearance = 6;
  for (double at = x; at < right; at += step)
    taken.push_back(box_around(at, at < ridge ? y + slope * (at - x) : peak, step, clearance));
  return drawn;
}

const char* color(bool forward) { return svg::colors[forward ? 0 : 1]; }

Markup dots(const Plane& p, const std::vector<RooflineDot>& all, std::vector<Box>& taken) {
  Markup drawn;
  for (const RooflineDot& dot : all) {
    drawn += svg::circle(p.x.at(dot.x), p.y.at(dot.y), radius(dot), color(dot.forward),
                         {{"fill-opacity", "0.75"}});
    taken.push_back(box_around(p.x.at(dot.x), p.y.at(dot.y), 2 * radius(dot), 2 * radius(dot)));
  }
  return drawn;
}

Markup names(const Plane& p, const std::vector<RooflineDot>& all, std::vector<Box>& taken) {
  constexpr double small_letter_width = 6.6, height = 14;
  const Box frame{left + 2, top + 2, right - 2, bottom - 2};
  Markup drawn;
  for (const RooflineDot& dot : all) {
    const double x = p.x.at(dot.x), y = p.y.at(dot.y);
    const std::string words =
        dot.operation + (dot.share >= 0.01 ? text(" ", std::lround(100 * dot.share), " %") : "");
    const double width = small_letter_width * static_cast<double>(words.size());
    const Box box = place_label(x, y, radius(dot), width, height, frame, taken);
    taken.push_back(box);
    const Leader l = make_leader(x, y, radius(dot), box);
    if (l.is_visible()) drawn += svg::line(l.x1, l.y1, l.x2, l.y2, {{"stroke-opacity", "0.6"}});
    drawn += svg::label((box.left + box.right) / 2, box.bottom - 3, "middle", words,
                        color(dot.forward), {{"font-size", "12"}});
  }
  return drawn;
}

}  // namespace

std::string draw_roofline(const Roofline& r) {
  const Plane plane = plane_of(r);
  std::vector<Box> taken;
  Markup body = axes(plane, r.title);
  // The dots take their places first, so that no label covers them, and are drawn over the roof.
  const Markup circles = dots(plane, r.dots, taken);
  body += roof(plane, r.roof, taken) + circles;
  body += names(plane, r.dots, taken);
  constexpr double y = bottom + 60;
  body += svg::circle(left + 6, y - 4, 6, color(true)) +
          svg::label(left + 18, y, "start", "forward", color(true));
  body += svg::circle(left + 96, y - 4, 6, color(false)) +
          svg::label(left + 108, y, "start", "backward", color(false));
  body +=
      svg::label(right, y, "end", "a dot’s area is its share of the step; not drawn: below 0.1 %");
  return svg::document(760, y + 16, body);
}

}  // namespace excite
