// Some steps of a training as a file that chrome://tracing and Perfetto (ui.perfetto.dev) open:
// Google's Trace Event Format.
#pragma once
#include <string>
#include <vector>

#include "tools/bench/limits.h"
#include "tools/bench/profile/watch.h"

namespace excite {

// `records` are of whole steps, the first of them number `first`. Each operation is a slice inside
// that of its pass, and that inside its step's.
std::string trace_json(const std::vector<Record>& records, long first, const Limits& limits);

// What `train --profile FILE` does: it watches steps 4 to 8 of a run. In the first three, memory
// comes fresh from the system.
class Profile {
 public:
  static constexpr long first = 3, last = 7;  // counted from 0
  // UsageError if the run has fewer steps, or if `path` cannot be a file. Measures the limits of
  // the machine, for half a second.
  Profile(const std::string& path, long steps_of_run);

  bool wants(long number) const { return number >= first && number <= last; }
  StepResult watch(TrainingStep& step, long number);  // after the last of them writes the file
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  Limits limits_;
  std::vector<Record> records_;
};

}  // namespace excite
