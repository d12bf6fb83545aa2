#include "core/text.h"

#include <algorithm>
#include <numeric>
#include <sstream>
#include <utility>

namespace excite {

namespace {
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);  // from a's first i letters to each beginning of b
  std::iota(row.begin(), row.end(), 0u);
  for (std::size_t i = 0; i < a.size(); i++) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); j++) {
      const std::size_t replaced = diagonal + (a[i] != b[j]);
      diagonal = std::exchange(row[j + 1], std::min({replaced, row[j] + 1, row[j + 1] + 1}));
    }
  }
  return row.back();
}
}  // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  const auto nearer = [&](const std::string& a, const std::string& b) { return distance(word, a) < distance(word, b); };
  const auto best = std::min_element(candidates.begin(), candidates.end(), nearer);
  return best == candidates.end() ? "" : *best;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> words;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, separator);) words.push_back(word);
  return words;
}

std::string join(const std::vector<std::string>& words, const std::string& separator) {
  std::string all;
  for (std::size_t i = 0; i < words.size(); i++) all += (i ? separator : "") + words[i];
  return all;
}

}  // namespace excite
