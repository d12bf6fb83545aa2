#include "core/text.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
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

namespace {

struct Character {
  unsigned code;     // its number in Unicode; meaningless if it is not valid
  std::size_t size;  // bytes, at least 1
  bool valid;
};

// The character that begins at `at`. RFC 3629: the first byte says how many bytes follow. Overlong
// encodings, surrogates and codes above U+10FFFF are invalid.
Character character_at(const std::string& text, std::size_t at) {
  const unsigned first = static_cast<unsigned char>(text[at]);
  if ((first >= 0x80 && first < 0xc2) || first > 0xf4) return {0, 1, false};
  const unsigned more = (first >= 0xc2) + (first >= 0xe0) + (first >= 0xf0);
  unsigned code = more == 0 ? first : first & (0x3fu >> more);
  for (std::size_t i = 1; i <= more; i++) {
    const unsigned next = at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0;
    if ((next & 0xc0) != 0x80) return {0, 1, false};
    code = code << 6 | (next & 0x3fu);
  }
  const unsigned smallest = more == 2 ? 0x800 : more == 3 ? 0x10000 : 0;
  const bool valid = code >= smallest && code <= 0x10ffff && (code < 0xd800 || code >= 0xe000);
  return {code, valid ? more + 1 : 1, valid};
}

// Unicode 15: controls (Cc), direction (Bidi_Control), separators of lines, annotations, the byte
// order mark, tags, and the two non-characters that XML forbids.
bool is_unprintable(unsigned code) {
  constexpr unsigned ranges[][2] = {
      {0x00, 0x1f},     {0x7f, 0x9f},     {0x61c, 0x61c},   {0x200e, 0x200f}, {0x2028, 0x202e},
      {0x2066, 0x2069}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0xe007f}};
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [=](const auto& range) { return code >= range[0] && code <= range[1]; });
}

// \u009b; above U+FFFF two of them, as UTF-16 has it.
std::string json_escape(unsigned code) {
  char digits[16];
  if (code <= 0xffff)
    std::snprintf(digits, sizeof digits, "\\u%04x", code);
  else
    std::snprintf(digits, sizeof digits, "\\u%04x\\u%04x", 0xd7c0 + (code >> 10),
                  0xdc00 + (code & 0x3ff));
  return digits;
}

}  // namespace

bool is_utf8(const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    if (!c.valid) return false;
    at += c.size;
  }
  return true;
}

std::string printable(const std::string& text) {
  std::string clean;
  for (std::size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    clean += c.valid && !is_unprintable(c.code) ? text.substr(at, c.size) : "?";
    at += c.size;
  }
  return clean;
}

std::string printable_json(const std::string& json) {
  std::string clean;
  for (std::size_t at = 0; at < json.size();) {
    const Character c = character_at(json, at);
    if (!c.valid)
      clean += "?";
    else if (c.code != '\n' && is_unprintable(c.code))
      clean += json_escape(c.code);
    else
      clean += json.substr(at, c.size);
    at += c.size;
  }
  return clean;
}

std::string decimal(double number, int decimals) {
  char digits[64];
  std::snprintf(digits, sizeof digits, std::abs(number) < 1e6 ? "%.*f" : "%.*g",
                std::abs(number) < 1e6 ? decimals : 4, number);
  return digits;
}

}  // namespace excite
