#include "tools/training/log.h"

#include <cstdio>
#include <filesystem>

#include "core/check.h"
#include "core/files/atomic_file.h"
#include "core/files/input_file.h"
#include "core/text.h"
#include "tools/training/progress.h"

namespace excite {

namespace {

constexpr const char* header =
    "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,test_loss,test_accuracy,"
    "learning_rate,gradient_norm,images_per_second,seconds,peak_megabytes,"
    "sent_megabytes,communication_seconds\n";

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

// Two columns, empty if there is no such set.
std::string cells(const std::optional<SetResult>& set) {
  if (!set) return ",";
  char accuracy[40];
  std::snprintf(accuracy, sizeof accuracy, ",%.6f", set->accuracy);
  return decimal(set->loss, 6) + accuracy;
}

// Of the columns first and first + 1 of a line.
std::optional<SetResult> set_result(const std::vector<std::optional<double>>& numbers,
                                    std::size_t first) {
  if (!numbers[first] || !numbers[first + 1]) return {};
  return SetResult{*numbers[first], *numbers[first + 1]};
}

}  // namespace

void write_log_row(const std::string& path, const EpochRow& r) {
  char row[400];
  std::snprintf(row, sizeof row, "%ld,%s,%.6f,%s,%s,%.6g,%.6g,%s,%s,%s,%s,%s\n", r.epoch,
                decimal(r.train_loss, 6).c_str(), r.train_accuracy, cells(r.validation).c_str(),
                cells(r.test).c_str(), r.learning_rate, r.gradient_norm,
                decimal(r.images_per_second, 1).c_str(), decimal(r.seconds, 2).c_str(),
                decimal(r.peak_megabytes, 1).c_str(), decimal(r.sent_megabytes, 2).c_str(),
                decimal(r.communication_seconds, 2).c_str());
  write_text_atomically(path, header + rows_before(r.epoch, path) + row);
}

std::string describe(const EpochRow& row, long epochs) {
  const auto percent = [](double accuracy) {
    char words[40];
    std::snprintf(words, sizeof words, "%5.2f %%", 100 * accuracy);
    return std::string(words);
  };
  char number[40];
  std::snprintf(number, sizeof number, "%*ld/%ld", static_cast<int>(std::to_string(epochs).size()),
                row.epoch, epochs);
  std::string line = text("epoch ", number, "  loss ", decimal(row.train_loss, 4), "  accuracy ",
                          percent(row.train_accuracy));
  if (row.validation) line += "  validation accuracy " + percent(row.validation->accuracy);
  if (row.test && !row.validation) line += "  test loss " + decimal(row.test->loss, 4);
  if (row.test) line += "  test accuracy " + percent(row.test->accuracy);
  return text(line, "  ", decimal(row.images_per_second, 0), " images/s  ", clock(row.seconds));
}

long epochs_without_progress(const std::vector<EpochRow>& rows, double min_delta) {
  long epochs = 0;
  double best = -1;
  for (const EpochRow& row : rows) {
    epochs++;
    if (!row.validation || (best >= 0 && row.validation->accuracy <= best + min_delta)) continue;
    best = row.validation->accuracy;
    epochs = 0;
  }
  return epochs;
}

std::vector<EpochRow> read_log(const std::string& path) {
  constexpr std::size_t columns = 14, validation = 3, test = 5;
  const std::vector<std::string> lines = lines_of(path);
  require<FileError>(!lines.empty() && lines[0] + "\n" == header, path, ": its first line is '",
                     lines.empty() ? "" : lines[0].substr(0, 200),
                     "', expected the header of a training log, '", split(header, '\n')[0], "'");
  require<FileError>(lines.size() > 1, path, ": it has no rows: no epoch is finished yet");
  std::vector<EpochRow> rows;
  for (std::size_t line = 1; line < lines.size(); line++) {
    const std::vector<std::string> words = split(lines[line], ',');
    require<FileError>(words.size() == columns, path, ": line ", line + 1, " has ", words.size(),
                       " numbers, expected ", columns);
    std::vector<std::optional<double>> n;
    for (std::size_t i = 0; i < columns; i++) {
      n.push_back(parse_number<double>(words[i]));
      const bool may_be_empty = i >= validation && i < test + 2;
      require<FileError>(n[i] || (may_be_empty && words[i].empty()), path, ": line ", line + 1,
                         ": '", words[i].substr(0, 40), "' is not a finite number");
    }
    const long previous = rows.empty() ? 0 : rows.back().epoch;
    require<FileError>(
        *n[0] > static_cast<double>(previous) && *n[0] < 1e9 && *n[0] == std::floor(*n[0]), path,
        ": line ", line + 1, ": epoch ", *n[0], ", expected a whole number above ", previous);
    rows.push_back({static_cast<long>(*n[0]), *n[1], *n[2], set_result(n, validation),
                    set_result(n, test), *n[7], *n[8], *n[9], *n[10], *n[11], *n[12], *n[13]});
  }
  return rows;
}

}  // namespace excite
