#include "tools/data/file_tree.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/check.h"
#include "core/files/input_file.h"
#include "core/text.h"

namespace excite {

namespace fs = std::filesystem;

namespace {

void walk(const std::string& folder, std::set<fs::path>& visited, std::vector<std::string>& files) {
  std::error_code error;
  const fs::path place = fs::canonical(folder, error);
  require<FileError>(!error, folder, ": the folder cannot be found: ", error.message());
  if (!visited.insert(place).second) return;
  for (const std::string& name : names_in(folder)) {
    const std::string path = folder + "/" + name;
    if (is_folder(path))
      walk(path, visited, files);
    else
      files.push_back(path);
  }
}

}  // namespace

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  try {
    for (const auto& entry : fs::directory_iterator(folder))
      if (const std::string name = entry.path().filename(); !name.starts_with("."))
        names.push_back(name);
  } catch (const fs::filesystem_error& error) {
    throw FileError(text(folder, ": the folder cannot be listed: ", error.code().message()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> files_below(const std::string& folder) {
  std::set<fs::path> visited;
  std::vector<std::string> files;
  walk(folder, visited, files);
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace excite
