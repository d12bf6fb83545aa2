// Where the labels of a drawing go, so that none covers another. Coordinates are in pixels, y grows
// downwards.
#pragma once
#include <vector>

namespace excite {

struct Box {
  double left, top, right, bottom;
};
Box box_around(double x, double y, double width, double height);

// The area of `box` that the boxes of `taken` cover; where two of them overlap it counts twice.
double covered_area(const Box& box, const std::vector<Box>& taken);

// A line from a dot to its label, from the dot's edge to the nearest point of the label.
struct Leader {
  double x1, y1, x2, y2;
  bool is_visible() const;  // false for a label so near that it needs no line
};
Leader make_leader(double x, double y, double radius, const Box& label);

// Costs that differ by less are equal, so that rounding decides nothing: the drawing must not
// depend on the compiler.
constexpr double min_cost_difference = 0.01;

// A box of this width and height beside the dot at (x, y): the one that covers the least of
// `taken`, stays inside `frame`, and is near the dot.
Box place_label(double x, double y, double radius, double width, double height, const Box& frame,
                const std::vector<Box>& taken);

}  // namespace excite
