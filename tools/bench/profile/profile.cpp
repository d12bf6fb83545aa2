#include "tools/bench/profile/profile.h"

#include <filesystem>

#include "core/check.h"
#include "core/files/atomic_file.h"
#include "tools/bench/profile/trace.h"

namespace excite {

Profile::Profile(const std::string& path, long steps_of_run) : path_(path) {
  require<UsageError>(steps_of_run > last, "train: --profile records steps ", first + 1, " to ",
                      last + 1, ", but the run has only ", steps_of_run,
                      " steps; train for more epochs or with a smaller batch");
  const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  require<UsageError>(!path.empty() && std::filesystem::is_directory(folder), "train: --profile ",
                      path, ": there is no folder ", folder.string(), "; create it first");
  require<UsageError>(!std::filesystem::is_directory(path), "train: --profile ", path,
                      ": is a folder, expected the name of a file");
  limits_ = measure_limits();
}

StepResult Profile::record_step(TrainingStep& step, long number) {
  const StepResult result = excite::record_step(step, number, records_);
  if (number == last) write_text_atomically(path_, trace_json(records_, first, limits_));
  return result;
}

}  // namespace excite
