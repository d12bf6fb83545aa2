// The sections of a report.
#pragma once
#include <string>
#include <vector>

#include "tools/commands/markup.h"
#include "tools/report/run_report.h"

namespace excite {

// Images take most of a page. Where the budget is spent, words stand alone.
struct ImageBudget {
  long bytes;
};

// `prefix` begins the anchors, which are different for each run of a page.
Markup recipe_sentence(const ReportedRun& run);
Markup confusion_section(const ReportedRun& run, const std::string& prefix, ImageBudget& budget);
Markup classes_section(const ReportedRun& run, const std::string& prefix);
Markup calibration_section(const ReportedRun& run, const std::string& prefix);
// The worst mistakes with Grad-CAM for the wrong class, and the least certain right predictions.
Markup mistakes_section(const ReportedRun& run, const std::string& prefix, ImageBudget& budget);
Markup gates_section(const ReportedRun& run, const std::string& prefix);
Markup recipe_section(const ReportedRun& run, const std::string& prefix);

}  // namespace excite
