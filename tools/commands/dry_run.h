// What `train --dry-run` prints.
#pragma once
#include <string>

#include "tools/training/loop.h"

namespace excite {

// A chart of the learning rates of all steps, `rows` lines high: a column is a part of the run, and
// is as high as its largest rate.
std::string schedule_chart(const std::function<double(long step)>& rate, long steps, long rows = 8,
                           long columns = 60);

// Prints the configuration, the model, the data, the chart and the time that the run will take,
// which a few steps are measured for. Returns 0. The weights of `training` change.
int print_dry_run(Training& training, const RunConfig& config, const std::string& lines);

}  // namespace excite
