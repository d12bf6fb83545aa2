#include "tools/commands/dry_run.h"

#include <algorithm>
#include <iostream>
#include <vector>

#include "core/text.h"

namespace excite {

std::string schedule_chart(const std::function<double(long step)>& rate, long steps, long rows,
                           long columns) {
  columns = std::min(columns, steps);
  std::vector<double> highest(columns);
  for (long step = 0; step < steps; step++) {
    double& column = highest[step * columns / steps];
    column = std::max(column, rate(step));
  }
  const double top = *std::max_element(highest.begin(), highest.end());
  std::string chart;
  for (long row = rows; row >= 1; row--) {
    std::string line;
    for (const double value : highest)
      line +=
          value >= top * (static_cast<double>(row) - 0.5) / static_cast<double>(rows) ? '#' : ' ';
    line.erase(line.find_last_not_of(' ') + 1);
    chart += "  |" + line + (row == rows ? text("  ", top) : "") + "\n";
  }
  return chart + "  +" + std::string(columns, '-') + "\n";
}

int print_dry_run(Training& training, const RunConfig& config, const std::string& lines) {
  std::cout << training.summary() << "\n"
            << training.batch_line() << lines << "\nconfig.json would be:\n"
            << printable_json(config_json(config)) << "\nlearning rate over "
            << counted(training.total_steps(), "step") << ":\n"
            << schedule_chart([&](long step) { return training.learning_rate(step); },
                              training.total_steps())
            << "\nestimated time: " << clock(training.estimate_seconds())
            << " on this machine\nThis was a dry run: nothing was written.\n";
  return 0;
}

}  // namespace excite
