// The ten figures of the built-in data set, as a question: does the figure contain this point?
#pragma once
#include <array>

namespace excite {

constexpr long figure_unit =
    1000;  // coordinates are integers: a figure of radius 1 reaches from -1000 to 1000

struct Figure {
  const char* name;
  bool (*contains)(long u, long v);
};

extern const std::array<Figure, 10> figures;

}  // namespace excite
