// The ten figures of the built-in data set. Each is a predicate: is this point inside the figure?
#pragma once
#include <array>

namespace excite {

// Coordinates are integers, in thousandths: a figure of radius 1 reaches from -1000 to 1000.
constexpr long figure_unit = 1000;

struct Figure {
  const char* name;
  bool (*contains)(long u, long v);
};

extern const std::array<Figure, 10> figures;

}  // namespace excite
