#include "core/text.h"

#include <algorithm>
#include <sstream>

namespace excite {

namespace {
// The smallest number of letters to insert, delete, replace, or swap with the next one
// (Damerau-Levenshtein, no letter being changed twice).
std::size_t edit_distance(const std::string& a, const std::string& b) {
  // d[i][j]: from the first i letters of a to the first j letters of b
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); i++)
    for (std::size_t j = 0; j <= b.size(); j++) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      const std::size_t replaced = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
      d[i][j] = std::min({replaced, d[i - 1][j] + 1, d[i][j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.size()][b.size()];
}
}  // namespace

std::string closest_match(const std::string& word, const std::vector<std::string>& candidates) {
  const auto nearer = [&](const std::string& a, const std::string& b) {
    return edit_distance(word, a) < edit_distance(word, b);
  };
  const auto best = std::min_element(candidates.begin(), candidates.end(), nearer);
  if (best == candidates.end()) return "";
  return 3 * edit_distance(word, *best) <= word.size() ? *best : "";
}

std::string suggestion(const std::string& word, const std::vector<std::string>& candidates) {
  const std::string match = closest_match(word, candidates);
  return match.empty() ? "" : "; the nearest is " + match;
}

std::string counted(long n, const std::string& noun) {
  const std::string ending = n == 1 ? "" : noun.ends_with("s") ? "es" : "s";
  return std::to_string(n) + " " + noun + ending;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> words;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, separator);) words.push_back(word);
  return words;
}

std::string join(const std::vector<std::string>& words, const std::string& separator) {
  std::string joined;
  for (std::size_t i = 0; i < words.size(); i++) joined += (i ? separator : "") + words[i];
  return joined;
}

std::string join_some(const std::vector<std::string>& words, std::size_t limit) {
  if (words.size() <= limit) return join(words, ", ");
  const auto end = words.begin() + static_cast<std::ptrdiff_t>(limit);
  const std::string shown = join({words.begin(), end}, ", ");
  return shown + " and " + std::to_string(words.size() - limit) + " more";
}

// RFC 3629: the first byte says how many bytes follow. Overlong encodings, surrogates and codes
// above U+10FFFF are invalid.
bool is_utf8(const std::string& text) {
  for (auto at = text.begin(); at != text.end();) {
    const unsigned first = static_cast<unsigned char>(*at++);
    if ((first >= 0x80 && first < 0xc2) || first > 0xf4) return false;
    const unsigned more = (first >= 0xc2) + (first >= 0xe0) + (first >= 0xf0);
    unsigned code = more == 0 ? first : first & (0x3fu >> more);
    for (unsigned i = 0; i < more; i++, at++) {
      if (at == text.end() || (static_cast<unsigned char>(*at) & 0xc0) != 0x80) return false;
      code = code << 6 | (static_cast<unsigned char>(*at) & 0x3fu);
    }
    const unsigned smallest = more == 2 ? 0x800 : more == 3 ? 0x10000 : 0;
    if (code < smallest || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
  }
  return true;
}

std::string printable(const std::string& text) {
  std::string clean = text;
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  std::replace_if(clean.begin(), clean.end(), is_control, '?');
  return clean;
}

}  // namespace excite
