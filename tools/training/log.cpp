#include "tools/training/log.h"

#include <charconv>
#include <cstdio>
#include <fstream>

#include "core/files/atomic_file.h"

namespace excite {

namespace {

constexpr const char* header =
    "epoch,train_loss,train_accuracy,test_loss,test_accuracy,learning_rate,gradient_norm,pictures_per_second,seconds,peak_megabytes\n";

// The rows of the epochs before `epoch`, as they stand in the file.
std::string rows_before(long epoch, const std::string& path) {
  std::string rows;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    long number = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
    if (error == std::errc() && end < line.data() + line.size() && *end == ',' && number < epoch) rows += line + "\n";
  }
  return rows;
}

}  // namespace

void write_log_row(const std::string& path, const EpochRow& r) {
  char row[400];
  std::snprintf(row, sizeof row, "%ld,%.6f,%.6f,%.6f,%.6f,%.6g,%.6g,%.1f,%.2f,%.1f\n", r.epoch, r.train_loss, r.train_accuracy, r.test_loss,
                r.test_accuracy, r.learning_rate, r.gradient_norm, r.pictures_per_second, r.seconds, r.peak_megabytes);
  write_text_atomically(path, header + rows_before(r.epoch, path) + row);
}

}  // namespace excite
