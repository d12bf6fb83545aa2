// Functions on strings.
#pragma once
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace excite {

// The candidate with the smallest edit distance (letters to insert, delete, replace, or swap with
// the next one), the first of several equal ones. Empty if even that one is not what `word` may
// have meant: if its distance is more than a third of the letters of `word`.
std::string closest_match(const std::string& word, const std::vector<std::string>& candidates);
// For an error about an unknown word: "; the nearest is MATCH", or "" if there is no such match.
std::string suggestion(const std::string& word, const std::vector<std::string>& candidates);

std::string counted(long n, const std::string& noun);  // "1 epoch", "2 classes"

// "a,b" -> {"a", "b"}; "" -> {}
std::vector<std::string> split(const std::string& text, char separator);
std::string join(const std::vector<std::string>& words, const std::string& separator);

// The first `limit` words, and how many are left out: "a, b, c and 2 more". For lists in errors.
std::string join_some(const std::vector<std::string>& words, std::size_t limit = 5);

bool is_utf8(const std::string& text);  // as RFC 3629 defines it

// Everything untrusted that is printed goes through this: names, paths, metadata, versions. What a
// terminal would obey, or what would hide text, becomes '?': control characters (C0, DEL, C1), the
// marks that change the direction of text, line separators, invisible tags, and each byte that is
// not part of valid UTF-8. So the result is one line of valid UTF-8, which XML allows too.
std::string printable(const std::string& text);
// The same for the text of a JSON value, which keeps its meaning: they are written as \u009b.
// Line breaks and spaces between values stay.
std::string printable_json(const std::string& json);

// For people: "0.0522" with 4 decimals; a number of a million or more as "1.235e+30".
std::string decimal(double number, int decimals);

// Parses a whole word as a decimal long or double, such as 12 or -0.5e3. Nothing is returned if the
// word is anything else, not finite, or out of range.
template <class Number>
std::optional<Number> parse_number(std::string_view word) {
  Number n{};
  const char* end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, n);
  if (error != std::errc() || stop != end || !std::isfinite(static_cast<double>(n))) return {};
  return n;
}

}  // namespace excite
