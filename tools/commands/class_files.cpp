#include "tools/commands/class_files.h"

#include <cstdio>

#include "core/check.h"
#include "core/files/text_file.h"
#include "core/text.h"
#include "tools/data/csv.h"

namespace excite {

namespace {

std::vector<std::string> lines_of(const std::string& path, long expected,
                                  const std::string& content) {
  constexpr long max_bytes = 16l << 20;
  std::vector<std::string> lines = read_lines(path, max_bytes);
  require<FileError>(static_cast<long>(lines.size()) == expected, path, ": ",
                     counted(std::ssize(lines), "line"), ", expected ", expected, ", with ",
                     content, " on each");
  return lines;
}

}  // namespace

std::vector<std::string> read_labels(const std::string& path, long classes) {
  const std::vector<std::string> names = lines_of(path, classes, "a class name");
  for (std::size_t i = 0; i < names.size(); i++)
    require<FileError>(!names[i].empty(), path, ": line ", i + 1,
                       " is empty, expected the name of class ", i);
  return names;
}

std::vector<long> read_class_order(const std::string& path, long classes) {
  const std::vector<std::string> lines = lines_of(path, classes, "the index of an output");
  std::vector<long> order, line_of(lines.size(), 0);
  for (std::size_t i = 0; i < lines.size(); i++) {
    const long output = parse_number<long>(lines[i]).value_or(-1);
    require<FileError>(output >= 0 && output < classes, path, ": line ", i + 1, " is '",
                       lines[i].substr(0, 40), "', expected a number from 0 to ", classes - 1);
    long& previous = line_of[output];
    require<FileError>(previous == 0, path, ": line ", i + 1, " has ", output, ", which line ",
                       previous, " has too; expected each number once");
    previous = static_cast<long>(i) + 1;
    order.push_back(output);
  }
  return order;
}

void write_csv_head(FileWriter& out, const std::vector<std::string>& classes) {
  out.write("image,label");
  for (const std::string& name : classes) out.write("," + csv_field(name));
  out.write("\n");
}

void write_csv_row(FileWriter& out, const std::string& image, const std::string& label,
                   const real* probabilities, long classes) {
  out.write(csv_field(image) + "," + csv_field(label));
  for (long k = 0; k < classes; k++) {
    char number[40];
    std::snprintf(number, sizeof number, ",%.9g", static_cast<double>(probabilities[k]));
    out.write(number);
  }
  out.write("\n");
}

}  // namespace excite
