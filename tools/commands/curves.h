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

}  // namespace excite
