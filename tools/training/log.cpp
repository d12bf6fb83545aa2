#include "tools/training/log.h"

#include <cstdio>
#include <filesystem>

#include "core/check.h"
#include "core/files/atomic_file.h"
#include "core/files/input_file.h"
#include "core/text.h"

namespace excite {

namespace {

constexpr const char* header =
    "epoch,train_loss,train_accuracy,test_loss,test_accuracy,learning_rate,gradient_norm,images_"
    "per_second,seconds,peak_megabytes\n";

std::vector<std::string> lines_of(const std::string& path) {
  constexpr long max_bytes = 16l << 20;
  const std::vector<std::uint8_t> bytes = read_file(path, max_bytes);
  return split(std::string(bytes.begin(), bytes.end()), '\n');
}

// The rows of the epochs before `epoch`, unchanged.
std::string rows_before(long epoch, const std::string& path) {
  std::string rows;
  if (!std::filesystem::exists(path)) return rows;
  for (const std::string& line : lines_of(path)) {
    const std::size_t comma = line.find(',');
    const std::optional<long> number = parse_number<long>(line.substr(0, comma));
    if (comma != std::string::npos && number && *number < epoch) rows += line + "\n";
  }
  return rows;
}

}  // namespace

void write_log_row(const std::string& path, const EpochRow& r) {
  char row[400];
  std::snprintf(row, sizeof row, "%ld,%s,%.6f,%s,%.6f,%.6g,%.6g,%s,%s,%s\n", r.epoch,
                decimal(r.train_loss, 6).c_str(), r.train_accuracy, decimal(r.test_loss, 6).c_str(),
                r.test_accuracy, r.learning_rate, r.gradient_norm,
                decimal(r.images_per_second, 1).c_str(), decimal(r.seconds, 2).c_str(),
                decimal(r.peak_megabytes, 1).c_str());
  write_text_atomically(path, header + rows_before(r.epoch, path) + row);
}

std::vector<EpochRow> read_log(const std::string& path) {
  constexpr std::size_t columns = 10;
  const std::vector<std::string> lines = lines_of(path);
  require<FileError>(!lines.empty() && lines[0] + "\n" == header, path, ": its first line is '",
                     lines.empty() ? "" : lines[0].substr(0, 200),
                     "', expected the header of a training log, '", split(header, '\n')[0], "'");
  require<FileError>(lines.size() > 1, path, ": it has no rows: no epoch is finished yet");
  std::vector<EpochRow> rows;
  for (std::size_t line = 1; line < lines.size(); line++) {
    std::vector<double> numbers;
    for (const std::string& word : split(lines[line], ',')) {
      const std::optional<double> number = parse_number<double>(word);
      require<FileError>(number.has_value(), path, ": line ", line + 1, ": '", word.substr(0, 40),
                         "' is not a finite number");
      numbers.push_back(*number);
    }
    require<FileError>(numbers.size() == columns, path, ": line ", line + 1, " has ",
                       numbers.size(), " numbers, expected ", columns);
    const double epoch = numbers[0];
    const long previous = rows.empty() ? 0 : rows.back().epoch;
    require<FileError>(
        epoch > static_cast<double>(previous) && epoch < 1e9 && epoch == std::floor(epoch), path,
        ": line ", line + 1, ": epoch ", epoch, ", expected a whole number above ", previous);
    const std::vector<double>& n = numbers;
    rows.push_back(
        {static_cast<long>(epoch), n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9]});
  }
  return rows;
}

}  // namespace excite
