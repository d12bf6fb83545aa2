// The log of training runs as curves over the epochs.
#pragma once
#include <string>
#include <vector>

#include "tools/commands/markup.h"
#include "tools/training/log.h"

namespace excite {

struct PlottedRun {
  std::string name;
  std::vector<EpochRow> rows;
  std::string color;
};

// Loss and accuracy on each set, with a legend.
Markup draw_curves(const std::vector<PlottedRun>& runs);
// Learning rate and gradient norm.
Markup draw_rates(const std::vector<PlottedRun>& runs);

// The distance between two lines of a grid: the smallest of ..., 0.1, 0.2, 0.5, 1, 2, 5, 10, ...
// that divides `range` into at most `max_ticks`.
double round_step(double range, double max_ticks);

}  // namespace excite
