// The report of one or several training runs: a page that shows what a run learned, and where it is
// wrong.
#pragma once
#include <string>
#include <vector>

#include "tools/report/gates.h"
#include "tools/report/judgment.h"
#include "tools/training/config.h"
#include "tools/training/log.h"

namespace excite {

// What a report shows of a run, read from its folder; the model is run on the test images.
struct ReportedRun {
  std::string name, folder;  // the folder's name and its path
  RunConfig config;
  std::string config_json;
  std::vector<EpochRow> log;
  TrainedModel trained;  // last.safetensors
  Dataset data;          // the test images
  Evaluation evaluation;
  std::vector<GateStatistics> gates;  // over at most 2,000 images; empty without SE blocks
};

// FileError if the run or its data cannot be read.
ReportedRun read_reported_run(const std::string& folder);

// A page of HTML of at most 3 MB.
std::string report_page(const std::vector<ReportedRun>& runs);

// Writes report.html into the folder of a run, and returns its path. Errors as above.
std::string write_report(const std::string& folder);

}  // namespace excite
