// log.csv: one row per finished epoch, written by a run and read by `excite plot`.
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace excite {

// Of all images of a set.
struct SetResult {
  double loss = 0, accuracy = 0;  // the accuracy is a fraction
};

struct EpochRow {
  long epoch;  // 1, 2, ...
  // Means over the batches of the epoch, with augmentation, while the weights changed. Accuracies
  // are fractions.
  double train_loss, train_accuracy;
  // After the epoch; nothing if there is no such set.
  std::optional<SetResult> validation, test;
  double learning_rate;      // of the last step
  double gradient_norm;      // mean over the steps, before clipping
  double images_per_second;  // of the training steps, without the evaluation
  double seconds;            // of the whole epoch with its evaluation; if resumed, since the resume
  double peak_megabytes;     // the largest memory of the process so far
  // What rank 0 sent to other ranks in the training steps, and for how long it sent and waited. 0
  // if one process trains alone.
  double sent_megabytes = 0, communication_seconds = 0;
};

// What is printed after an epoch of `epochs`, a line without its end.
std::string describe(const EpochRow& row, long epochs);

// Writes the row after those of earlier epochs. Rows of the same or later epochs, which a killed
// run may have left, are removed. Atomic.
void write_log_row(const std::string& path, const EpochRow& row);

// The number of rows after the last one whose validation accuracy is more than min_delta above all
// that count before it: the first row, and then each such row.
long epochs_without_progress(const std::vector<EpochRow>& rows, double min_delta);

// At least one row, epochs in ascending order. FileError that names the file and the line if it is
// not a valid log.
std::vector<EpochRow> read_log(const std::string& path);

}  // namespace excite
