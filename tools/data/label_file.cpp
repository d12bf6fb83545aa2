#include "tools/data/label_file.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "core/check.h"
#include "core/files/input_file.h"
#include "core/files/text_file.h"
#include "core/text.h"
#include "tools/data/csv.h"

namespace excite {

namespace {

using Classes = std::map<std::string, std::vector<std::string>>;  // class to files

// "train", "validation" or "test"; "" for anything else.
std::string set_named(const std::string& word) {
  if (word == "val" || word == "valid" || word == "validation") return "validation";
  return word == "train" || word == "test" ? word : "";
}

struct Record {
  std::size_t line;  // its first one, counted from 1
  std::string text;
};

// A record has one line, or more if a quoted field contains line breaks: then the number of quotes
// is odd until the field ends.
std::vector<Record> records_of(const std::vector<std::string>& lines) {
  std::vector<Record> records;
  bool in_field = false;
  for (std::size_t i = 0; i < lines.size(); i++) {
    if (in_field)
      records.back().text += "\n" + lines[i];
    else
      records.push_back({i + 1, lines[i]});
    if (std::count(lines[i].begin(), lines[i].end(), '"') % 2 == 1) in_field = !in_field;
  }
  return records;
}

std::map<std::string, Classes> read_list(const std::string& path) {
  constexpr long max_bytes = 1l << 30;
  const std::vector<std::string> lines = read_lines(path, max_bytes);
  const std::string header = lines.empty() ? "" : lines[0];
  require<FileError>(header == "file,label" || header == "file,label,set", path,
                     ": its first line is '", header.substr(0, 80),
                     "', expected file,label or file,label,set");
  const std::size_t columns = split(header, ',').size();
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::map<std::string, Classes> sets;
  const std::vector<Record> records = records_of(lines);
  for (std::size_t i = 1; i < records.size(); i++) {
    const auto& [line, record] = records[i];
    const std::vector<std::string> fields = csv_fields(record);
    require<FileError>(fields.size() == columns && !fields[0].empty() && !fields[1].empty(), path,
                       ": line ", line, ": '", record.substr(0, 80), "', expected ", header);
    const std::string set = columns == 2 ? "train" : set_named(fields[2]);
    require<FileError>(!set.empty(), path, ": line ", line, ": the set is '",
                       fields.back().substr(0, 40), "', expected train, validation or test");
    sets[set][fields[1]].push_back((folder / fields[0]).string());
  }
  require<FileError>(!sets.empty(), path, ": it names no image");
  return sets;
}

}  // namespace

DataSplit load_label_file(const std::string& path, OnBadImage on_bad_image, Exif exif) {
  std::map<std::string, Classes> sets = read_list(path);
  const auto load = [&](const char* name) {
    std::vector<ClassFiles> classes;
    for (const auto& [label, files] : sets[name]) classes.push_back({label, files});
    return classes.empty() ? Dataset{} : labeled_files(path, classes, on_bad_image, exif);
  };
  DataSplit split{load("train"), load("test"), load("validation")};
  if (split.train.count() > 0) require_same_classes(path, split);
  return split;
}

}  // namespace excite
