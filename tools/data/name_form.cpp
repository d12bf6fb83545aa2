#include "tools/data/name_form.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <vector>

namespace excite {

namespace {

// The characters of valid UTF-8; of other bytes, any numbers.
std::vector<char32_t> characters(const std::string& name) {
  std::vector<char32_t> all;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool continues = (byte & 0xc0) == 0x80;
    if (continues && !all.empty())
      all.back() = all.back() << 6 | (byte & 0x3f);
    else
      all.push_back(byte < 0x80   ? byte
                    : byte < 0xe0 ? byte & 0x1f
                    : byte < 0xf0 ? byte & 0x0f
                                  : byte & 7);
  }
  return all;
}

bool is_combining(char32_t c) { return c >= 0x300 && c < 0x370; }

// Whether `letter` may be `base` with an accent.
bool has_base(char32_t letter, char32_t base) {
  constexpr std::string_view bases =  // of U+00C0 to U+00FF; ?: none
      "AAAAAA?CEEEEIIII?NOOOOO??UUUUY??aaaaaa?ceeeeiiii?nooooo??uuuuy?y";
  if (letter < 0xc0 || is_combining(letter)) return false;
  return letter > 0xff || base == static_cast<char32_t>(bases[letter - 0xc0]);
}

bool composes_to(const std::vector<char32_t>& apart, const std::vector<char32_t>& composed) {
  std::size_t j = 0;
  for (std::size_t i = 0; i < apart.size(); j++) {
    if (j == composed.size()) return false;
    const char32_t base = apart[i++];
    if (composed[j] == base) continue;
    if (i == apart.size() || !is_combining(apart[i]) || !has_base(composed[j], base)) return false;
    i++;
  }
  return j == composed.size();
}

}  // namespace

bool differ_in_form(const std::string& a, const std::string& b) {
  const std::vector<char32_t> x = characters(a), y = characters(b);
  return x != y && (composes_to(x, y) || composes_to(y, x));
}

std::string other_form_of_file(const std::string& path) {
  const std::filesystem::path wanted(path);
  const std::string wanted_name = wanted.filename();
  if (std::ranges::all_of(wanted_name, [](char c) { return static_cast<signed char>(c) >= 0; }))
    return "";  // of ASCII there is one form
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(wanted.parent_path(), ignored))
    if (const std::string name = entry.path().filename(); differ_in_form(name, wanted_name))
      return name;
  return "";
}

}  // namespace excite
