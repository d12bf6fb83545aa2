// Starts a training run in a new folder, or resumes one. Both print what they do on standard
// output, stop on Ctrl-C, and return an exit code: 0, or 128 + the signal that stopped the run.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "tools/commands/rank_data.h"
#include "tools/training/loop.h"

namespace excite {

// Where a new run starts.
enum class Start {
  in_new_folder,
  in_unstarted_folder,  // one that exists already: RunFolder::is_unstarted
};

// Where the images of files are kept between epochs.
enum class CacheImages { nowhere, in_memory };

struct NewRun {
  Recipe recipe;
  InitialWeights initial_weights;
  std::string lines;  // printed before the first epoch
  std::string data;   // see load_data
  std::string out;    // the folder of the run; empty: a new folder under runs/
  Start start = Start::in_new_folder;
  OnBadImage on_bad_image = OnBadImage::skip;
  Exif exif = Exif::apply;
  long kept_epochs = 0;  // Training::keep_epochs
  CacheImages cache = CacheImages::nowhere;
  bool dry = false;  // print what would be done, and train nothing
  // Makes the step function of a run of total_steps steps, for example a profiler's. Empty: the run
  // has none. It is called before the run's folder is made.
  std::function<StepFunction(long total_steps)> make_step_function{};
  // The ranks that train together; nullptr: this process alone. Rank 0 has the folder of the run
  // and writes all files; the others write nothing.
  Ranks* ranks = nullptr;
  DataFrom data_from = DataFrom::each_rank;
};

// UsageError if the folder exists and should be new.
int start_run(const NewRun& run);

// Continues the run in this folder from its last checkpoint, with the recipe and the data of its
// config.json. `epochs`, if given, lengthens the run to that many. UsageError if it has more
// already. Error if another process trains in the folder.
int resume_run(const std::string& folder, std::optional<long> epochs = {},
               CacheImages cache = CacheImages::nowhere, Ranks* ranks = nullptr,
               DataFrom data_from = DataFrom::each_rank);

}  // namespace excite
