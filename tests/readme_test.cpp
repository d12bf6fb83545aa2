// Code shown in a README is code of this project: a snippet cannot rot, because each of its lines has to stand in a source file.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "core/text.h"
#include "tests/core/files/scratch.h"

namespace excite {
namespace {

// Without indentation, and without a comment at the end, which a README may word in its own way.
std::string bare(const std::string& line) {
  const std::string code = line.substr(0, line.find("  //"));
  const std::size_t first = code.find_first_not_of(' '), last = code.find_last_not_of(' ');
  return first == std::string::npos ? "" : code.substr(first, last - first + 1);
}

std::vector<std::string> files_ending_in(const std::vector<std::string>& endings) {
  std::vector<std::string> paths;
  for (const char* folder : {"core", "autograd", "layers", "models", "tools", "tests"})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
      for (const std::string& ending : endings)
        if (entry.path().string().ends_with(ending)) paths.push_back(entry.path());
  return paths;
}

std::set<std::string> lines_of(const std::string& path) {
  std::set<std::string> lines;
  for (const std::string& line : split(get(path), '\n')) lines.insert(bare(line));
  return lines;
}

struct Shown {
  std::string readme, file, line;  // file: only of a diff, which names it
};

// The lines of all blocks marked cpp, and those that blocks marked diff add.
std::vector<Shown> shown_code() {
  std::vector<std::string> readmes = files_ending_in({"README.md"});
  readmes.push_back("README.md");
  std::vector<Shown> shown;
  for (const std::string& readme : readmes) {
    std::string language, file;
    for (const std::string& line : split(get(readme), '\n')) {
      if (line.starts_with("```")) language = line.substr(3), file.clear();
      else if (language == "diff" && line.starts_with("+++ ")) file = line.substr(4);
      else if (language == "diff" && line.starts_with("+")) shown.push_back({readme, file, bare(line.substr(1))});
      else if (language == "cpp") shown.push_back({readme, "", bare(line)});
    }
  }
  return shown;
}

TEST(Readme, EveryLineOfCodeStandsInASourceFile) {
  std::set<std::string> everywhere;
  for (const std::string& path : files_ending_in({".h", ".cpp"})) everywhere.merge(lines_of(path));
  const std::vector<Shown> shown = shown_code();
  EXPECT_GE(shown.size(), 40u);
  for (const Shown& s : shown) {
    const std::set<std::string> lines = s.file.empty() ? everywhere : lines_of(s.file);
    EXPECT_TRUE(lines.contains(s.line)) << s.readme << " shows a line that is not in " << (s.file.empty() ? "any source file" : s.file) << ": " << s.line;
  }
}

}  // namespace
}  // namespace excite
