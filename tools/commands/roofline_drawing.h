// A roofline as an SVG image (Williams, Waterman, Patterson: Roofline, CACM 52(4), 2009). Both axes
// are logarithmic:
//   x = flops per byte    y = flops per second    the roof: y <= peak, y <= bandwidth x
#pragma once
#include <string>
#include <vector>

#include "tools/bench/limits.h"

namespace excite {

struct RooflineDot {
  std::string operation;
  bool forward;
  double share;  // of the step's time
  double x, y;   // flops per byte, GFLOP/s
};

struct Roofline {
  std::string title;
  Limits roof;
  std::vector<RooflineDot> dots;  // the largest share first
};

// All numbers must be above 0.
std::string draw_roofline(const Roofline& roofline);

}  // namespace excite
