// Every run of a study as a dot.
#pragma once
#include <string>
#include <vector>

#include "tools/commands/markup.h"
#include "tools/study/results.h"

namespace excite {

// An SVG drawing: a row per arm with a dot per run, and the mean with its 95 % interval as a line
// below the dots. `quantity`: the title of the axis, which is in percent.
Markup draw_results(const std::vector<Arm>& arms, const std::string& quantity);

}  // namespace excite
