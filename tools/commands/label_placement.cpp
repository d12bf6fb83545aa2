#include "tools/commands/label_placement.h"

#include <algorithm>
#include <cmath>

namespace excite {

namespace {

double overlap(const Box& a, const Box& b) {
  return std::max(0.0, std::min(a.right, b.right) - std::max(a.left, b.left)) *
         std::max(0.0, std::min(a.bottom, b.bottom) - std::max(a.top, b.top));
}

// What the leader crosses, sampled by boxes of one pixel along it.
double crossed_area(const Leader& l, const std::vector<Box>& taken) {
  constexpr int points = 12, first_outside_dot = 3;
  double area = 0;
  for (int i = first_outside_dot; l.is_visible() && i <= points; i++)
    area += covered_area(
        box_around(l.x1 + (l.x2 - l.x1) * i / points, l.y1 + (l.y2 - l.y1) * i / points, 1, 1),
        taken);
  return area;
}

}  // namespace

Box box_around(double x, double y, double width, double height) {
  return {x - width / 2, y - height / 2, x + width / 2, y + height / 2};
}

double covered_area(const Box& box, const std::vector<Box>& taken) {
  double area = 0;
  for (const Box& other : taken) area += overlap(box, other);
  return area;
}

bool Leader::is_visible() const { return std::hypot(x2 - x1, y2 - y1) > 6; }

Leader make_leader(double x, double y, double radius, const Box& label) {
  const double to_x = std::clamp(x, label.left, label.right),
               to_y = std::clamp(y, label.top, label.bottom);
  const double distance = std::max(1e-9, std::hypot(to_x - x, to_y - y)),
               edge = std::min(1.0, radius / distance);
  return {x + edge * (to_x - x), y + edge * (to_y - y), to_x, to_y};
}

Box place_label(double x, double y, double radius, double width, double height, const Box& frame,
                const std::vector<Box>& taken) {
  constexpr int directions = 16;
  constexpr double gap = 3;
  Box best{};
  double min_cost = 1e300;
  for (const double farther : {0., 8., 16., 24., 34., 46., 60., 80., 100., 125., 150.})
    for (int i = 0; i < directions; i++) {
      const double angle = 2 * M_PI * i / directions, d = radius + gap + farther;
      const Box box = box_around(x + std::cos(angle) * (d + width / 2),
                                 y + std::sin(angle) * (d + height / 2), width, height);
      const double outside = width * height - overlap(box, frame);
      const double cost = farther + 100 * (covered_area(box, taken) + outside) +
                          50 * crossed_area(make_leader(x, y, radius, box), taken);
      if (cost < min_cost - min_cost_difference) min_cost = cost, best = box;
    }
  return best;
}

}  // namespace excite
