// log.csv: a row for each finished epoch, written by a run and read by `excite plot`.
#pragma once
#include <string>
#include <vector>

namespace excite {

struct EpochRow {
  long epoch;                         // 1, 2, ...
  double train_loss, train_accuracy;  // means over the epoch's batches, as augmented, while the
                                      // weights moved; accuracies are fractions
  double test_loss, test_accuracy;    // after it
  double learning_rate;               // of its last step
  double gradient_norm;               // mean over its steps, before clipping
  double images_per_second;           // of training alone
  double seconds;  // of all, the evaluation included; of a resumed epoch, since it was resumed
  double peak_megabytes;  // the most memory the process has had
};

// Adds the row after those of the epochs before it; rows of later epochs, which a killed run may
// have left, go. Atomic.
void write_log_row(const std::string& path, const EpochRow& row);

// At least one row, epochs in ascending order. FileError that names the file and line if it is not
// such a log.
std::vector<EpochRow> read_log(const std::string& path);

}  // namespace excite
