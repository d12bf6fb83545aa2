#include "tools/numbers.h"

#include <charconv>
#include <cmath>

#include "core/check.h"

namespace excite {
namespace {

// All of the word, in base 10, and finite. CLI11 alone would take 010 for 8, an empty word for 0, and what is too large for the largest number.
template <class Number>
CLI::Validator number(const char* kind) {
  const auto read = [=](std::string& word) -> std::string {
    Number n{};
    const char* end = word.data() + word.size();
    const auto [stop, error] = std::from_chars(word.data(), end, n);
    if (stop != end || word.empty() || error == std::errc::invalid_argument || !std::isfinite(static_cast<double>(n))) return text("'", word, "', expected ", kind);
    if (error != std::errc()) return text("'", word, "', expected ", kind, " that fits into 64 bits");
    if constexpr (std::is_integral_v<Number>) word = std::to_string(n);
    return "";
  };
  return CLI::Validator(read, "");
}

}  // namespace

void read_numbers_strictly(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands({}))
    for (CLI::Option* option : command->get_options()) {
      const std::string type = option->get_type_name();
      if (type.starts_with("INT")) option->transform(number<long>("a whole number"));
      if (type.starts_with("FLOAT")) option->transform(number<double>("a number"));
    }
}

}  // namespace excite
