// Records some steps of a training run and writes their trace.
#pragma once
#include <string>
#include <vector>

#include "tools/bench/limits.h"
#include "tools/bench/profile/record.h"
#include "tools/training/step.h"

namespace excite {

// What `train --profile FILE` does: records steps 4 to 8 of a run. In the first three steps memory
// still comes fresh from the system.
class Profile {
 public:
  static constexpr long first = 3, last = 7;  // counted from 0
  // UsageError if the run has fewer steps, or if `path` cannot be a file. Measures the machine's
  // limits, which takes half a second.
  Profile(const std::string& path, long steps_of_run);

  bool wants(long number) const { return number >= first && number <= last; }
  // Runs the step; writes the file after the last step that it wants.
  StepResult record_step(TrainingStep& step, long number);
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  Limits limits_;
  std::vector<Record> records_;
};

}  // namespace excite
