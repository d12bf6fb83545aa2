// Small help with words.
#pragma once
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace excite {

// The candidate with the fewest letters to insert, delete or replace (Levenshtein's distance); the
// first of equally near ones.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

std::vector<std::string> split(const std::string& text,
                               char separator);  // "a,b" -> {"a", "b"}; "" -> {}
std::string join(const std::vector<std::string>& words, const std::string& separator);

bool is_utf8(const std::string& text);

// The long or double that a word is in decimal, such as 12 or -0.5e3; none if it is anything else,
// or not finite, or does not fit.
template <class Number>
std::optional<Number> number_in(std::string_view word) {
  Number n{};
  const char* end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, n);
  if (error != std::errc() || stop != end || !std::isfinite(static_cast<double>(n))) return {};
  return n;
}

}  // namespace excite
