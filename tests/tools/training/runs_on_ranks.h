// Short training runs on ranks that are threads.
#pragma once
#include <optional>

#include "tests/support/thread_ranks.h"
#include "tests/tools/training/short_runs.h"

namespace excite {

// Starts or resumes the run in `path` on so many ranks; `stop` is called on rank 0.
inline int train_on_ranks(const std::string& path, const Recipe& recipe, long count,
                          const std::function<int()>& stop = never,
                          const DataSplit& data = small_data()) {
  const bool resumes = std::filesystem::exists(path);
  int code = 0;
  on_ranks(count, [&](Ranks& ranks) {
    const bool is_first = ranks.rank() == 0;
    Training training(recipe, data, {.stop = is_first ? stop : never});
    training.share_batches(ranks);
    std::optional<RunFolder> folder;
    if (is_first) folder.emplace(resumes ? RunFolder::open(path) : RunFolder::create(path));
    if (resumes) training.resume_from(path + "/last.safetensors");
    const int own = is_first ? training.run(*folder) : training.run_without_folder();
    if (is_first) code = own;
  });
  return code;
}

}  // namespace excite
