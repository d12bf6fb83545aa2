// A whole training run: epochs of steps, an evaluation after each, and everything saved so that
// nothing is lost whenever it ends.
#pragma once
#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "tools/bench/profile/trace.h"
#include "tools/data/batch.h"
#include "tools/data/load.h"
#include "tools/training/checkpoint.h"
#include "tools/training/config.h"
#include "tools/training/log.h"
#include "tools/training/metrics.h"
#include "tools/training/progress.h"
#include "tools/training/run_folder.h"
#include "tools/training/step.h"

namespace excite {

class Training {
 public:
  // Draws the model; nothing is written. Before every step and every batch of an evaluation `stop`
  // is asked whether to stop there: it says 0, or the number of the signal that wants it.
  Training(const Recipe& recipe, DataSplit data, std::function<int()> stop);

  const Recipe& recipe() const {
    return recipe_;
  }  // with all resolved that follows from model and data
  const Position& position() const { return position_; }
  std::string summary() const;  // a line: model, images, steps
  std::string start_from(
      const Start& start);  // before the first step; returns a line that says what it did
  void continue_from(const std::string& checkpoint);
  void profile_into(const std::string& path);  // see Profile

  // Trains to the end of the last epoch and returns 0, or until it is to stop: then it saves all
  // and returns 128 + the signal.
  int run(const RunFolder& folder);

 private:
  using Clock = std::chrono::steady_clock;

  StepResult take_step();
  bool train_epoch();  // these return false if it is to stop
  bool finish_epoch(const RunFolder& folder);
  void show_progress();
  double images_here() const;  // of this epoch, since the run began or went on
  EpochRow row(const Metrics& test) const;
  void require_finite(const NamedTensors& state) const;
  void save(const std::string& path, const NamedTensors& state) const;
  NamedTensors whole_state();  // the model's and the optimizer's
  [[noreturn]] void explain(const Metrics& test) const;

  DataSplit data_;
  Normalization normalization_;
  Model model_;
  Recipe recipe_;
  Metadata metadata_;
  TrainingStep step_;
  std::function<int()> stop_;
  Position position_;
  Progress progress_;
  std::optional<Profile> profile_;
  // For the log and the bar alone:
  Clock::time_point run_began_{}, epoch_began_{};
  long steps_before_run_ = 0, images_before_ = 0;  // images of this epoch
  double training_seconds_ = 0;                    // of this epoch, without the evaluation
};

// The two ways to train; both return the exit code. An empty `out` is a new folder under runs/, an
// empty `profile` none.
int train_anew(const Recipe& recipe, const Start& start, const std::string& data,
               const std::string& out, const std::string& profile, Broken broken);
int train_on(const std::string& out);

}  // namespace excite
