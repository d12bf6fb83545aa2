// The training loop: epochs of steps, an evaluation after each epoch, and checkpoints, so that an
// interrupted run loses nothing.
#pragma once
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "tools/data/batch.h"
#include "tools/data/image_cache.h"
#include "tools/data/load.h"
#include "tools/training/checkpoint.h"
#include "tools/training/config.h"
#include "tools/training/log.h"
#include "tools/training/metrics.h"
#include "tools/training/progress.h"
#include "tools/training/run_folder.h"
#include "tools/training/step.h"

namespace excite {

// Prints a line, above a progress bar if there is one.
using PrintLine = std::function<void(const std::string& line)>;

// Performs step number `step` in place of training_step(step), for example with a profiler. It must
// compute the same.
using StepFunction =
    std::function<StepResult(TrainingStep& training_step, long step, const PrintLine& print)>;

// What a run asks and tells its caller. A function that is empty is not called.
struct TrainingCallbacks {
  // Called before every step and after every batch of an evaluation. It returns 0, or the number of
  // the signal that asks the run to stop there.
  std::function<int()> stop{};
  std::function<void(const Progress&)> progress{};  // called after every step
  PrintLine print{};                                // called with one line per epoch
};

// The weights of the best epoch are chosen by the validation images: those of the data, or those
// that the recipe splits off the training images. The test images are measured, but choose nothing.
// Of each set, the recipe's limit is kept.
//
// Files among the training images that cannot be decoded are left out from the start if they are
// found while mean and deviation are measured, and out of their batches if they are found later. A
// batch that is larger than the training set is lowered to it.
class Training {
 public:
  // Makes and initializes the model that the recipe names; writes nothing.
  Training(const Recipe& recipe, DataSplit data, TrainingCallbacks callbacks = {});
  // Trains a network of your own (as_model in models/model.h) in place of the recipe's.
  Training(const Recipe& recipe, const Model& model, DataSplit data,
           TrainingCallbacks callbacks = {});

  const DataSplit& data() const { return data_; }  // as it is used
  const Normalization& normalization() const { return normalization_; }

  // The recipe with all values filled in that depend on the model and the data.
  const Recipe& recipe() const { return recipe_; }
  const Position& position() const { return position_; }
  const Model& model() const { return model_; }
  long steps_per_epoch() const { return step_.steps_per_epoch(); }
  // Lets these ranks train together: they share each batch, and each of an evaluation. Everything
  // is then the same on all ranks, and the functions that compute are collective. Before them.
  void share_batches(Ranks& ranks);
  long total_steps() const { return recipe_.epochs * step_.steps_per_epoch(); }
  std::string summary() const;  // one line: model, images, steps
  // A line that says that the batch was lowered to the number of training images; "" if it was not.
  std::string batch_line() const;

  // Of the whole run, from a few steps, which change the weights, and batches of an evaluation.
  double estimate_seconds();
  // Before the first step: loads pretrained weights. Returns a line that says what was loaded, or
  // "" if there are none to load. UsageError if their classes do not fit the data.
  std::string load_initial_weights(const InitialWeights& initial_weights);
  // The recipe of the checkpoint may have fewer epochs: the run is then lengthened.
  void resume_from(const std::string& checkpoint);
  // Keeps decoded images in memory (image_cache.h), at most this many bytes. Before the first step.
  CachedImages cache_images(long max_bytes);
  // Keeps the weights of the last `epochs` epochs, each in a file of its own.
  void keep_epochs(long epochs) { kept_epochs_ = epochs; }
  double learning_rate(long step) const { return step_.learning_rate(step); }
  TrainingStep& training_step() { return step_; }
  void set_step_function(StepFunction function) { step_function_ = std::move(function); }

  // Trains to the end of the last epoch, or until the recipe's patience ends, and returns 0. If
  // `stop` asks for it, saves everything and returns 128 + the signal.
  int run(const RunFolder& folder) { return run_in(&folder); }
  // The same on the ranks that write no files, which are all but rank 0.
  int run_without_folder() { return run_in(nullptr); }

 private:
  Training(const Recipe& recipe, const std::function<Model(long classes)>& make, DataSplit data,
           TrainingCallbacks callbacks);
  using Clock = std::chrono::steady_clock;

  int run_in(const RunFolder* folder);
  int stop() const;
  void print(const std::string& line) const {
    if (callbacks_.print) callbacks_.print(line);
  }
  StepResult take_step();
  bool is_out_of_patience(const RunFolder* folder) const;
  bool train_epoch();                          // false: stopped
  bool finish_epoch(const RunFolder* folder);  // false: stopped
  void write_epoch(const RunFolder& folder, const EpochRow& row, bool best);
  bool is_first_rank() const { return !ranks_ || ranks_->rank() == 0; }
  void read_checkpoint(const std::string& checkpoint);
  void copy_state_of_first_rank();
  Progress progress() const;
  double images_since_start() const;  // of this epoch, since the process started or resumed the run
  // false: stopped. An empty set has no result.
  bool evaluate(const Dataset& set, const char* name, std::optional<SetResult>& result) const;
  EpochRow make_row() const;          // without the results of the evaluation
  double last_learning_rate() const;  // that of the last step, or of the first before it is taken
  void require_finite(const NamedTensors& state) const;
  void save(const std::string& path, const NamedTensors& state) const;
  NamedTensors full_state();   // of the model and of the optimizer
  double steps_taken() const;  // in this epoch, without those that were skipped
  void report_skipped_steps() const;
  [[noreturn]] void throw_diverged(const Dataset& set, const char* name, double loss) const;

  DataSplit data_;
  Normalization normalization_;
  Model model_;
  long batch_asked_for_;
  Recipe recipe_;  // whose batch is at most the number of training images
  Metadata metadata_;
  TrainingStep step_;
  Ranks* ranks_ = nullptr;      // null: this process alone
  StepFunction step_function_;  // empty: step_ itself
  TrainingCallbacks callbacks_;
  Position position_;
  long kept_epochs_ = 0;
  // Only for the log and the progress:
  Clock::time_point run_start_{}, epoch_start_{};
  long steps_before_run_ = 0;    // steps done by earlier processes
  long images_before_run_ = 0;   // images of this epoch seen by earlier processes
  double training_seconds_ = 0;  // of this epoch, without the evaluation
  Traffic traffic_of_steps_{};   // of this epoch, since the process started or resumed the run
  long shared_steps_ = 0;        // as many
};

}  // namespace excite
