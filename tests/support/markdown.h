// The pages of this project (*.md), line by line, for tests that compare them with its files.
#pragma once
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "core/text.h"
#include "tests/support/scratch.h"

namespace excite {

// The files of the project whose names end in one of `endings`, sorted. Not those of build/.
inline std::vector<std::string> files_ending_in(const std::vector<std::string>& endings) {
  std::vector<std::string> paths;
  const auto add = [&](const std::filesystem::path& path) {
    for (const std::string& ending : endings)
      if (path.string().ends_with(ending)) paths.push_back(path);
  };
  for (const auto& entry : std::filesystem::directory_iterator("."))
    if (entry.is_regular_file()) add(entry.path().filename());
  for (const char* folder : {"core", "autograd", "layers", "models", "tools", "tests"})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
      add(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

inline std::vector<std::string> pages() { return files_ending_in({".md"}); }

struct PageLine {
  long number;
  std::string text;
  bool in_block;         // between ``` and ```
  std::string language;  // of that block, such as "cpp"; often empty
};

// Without the lines that begin and end a block.
inline std::vector<PageLine> lines_of_page(const std::string& page) {
  std::vector<PageLine> lines;
  bool in_block = false;
  std::string language;
  long number = 0;
  for (const std::string& text : split(get(page), '\n')) {
    number++;
    if (text.starts_with("```")) {
      in_block = !in_block;
      language = in_block ? text.substr(3) : "";
    } else {
      lines.push_back({number, text, in_block, language});
    }
  }
  return lines;
}

inline long words_in(const std::string& text) {
  std::istringstream in(text);
  long words = 0;
  for (std::string word; in >> word;) words++;
  return words;
}

}  // namespace excite
