#include "tools/commands/number_options.h"

#include <CLI/CLI.hpp>

#include "core/check.h"
#include "core/text.h"

namespace excite {
namespace {

// CLI11 alone would read 010 as 8, an empty word as 0, and 1e999 as the largest double.
template <class Number>
CLI::Validator decimal(const char* expected) {
  const auto read = [=](std::string& word) -> std::string {
    const std::optional<Number> number = parse_number<Number>(word);
    const bool integral = std::is_integral_v<Number>;
    const bool digits_only = word.find_first_not_of("0123456789") == std::string::npos;
    const char* limit = integral && digits_only && !word.empty() ? " below 2^63" : "";
    if (!number) return text("'", word, "': expected ", expected, limit);
    if constexpr (integral) word = std::to_string(*number);
    return "";
  };
  return CLI::Validator(read, "");
}

}  // namespace

void read_numbers_strictly(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands({}))
    for (CLI::Option* option : command->get_options()) {
      const std::string type = option->get_type_name();
      if (type == "INT") option->transform(decimal<long>("a whole number"));
      if (type == "FLOAT") option->transform(decimal<double>("a finite number"));
    }
}

std::vector<double> numbers_of_list(const std::string& option, const std::string& list,
                                    const std::string& expected) {
  std::vector<double> numbers;
  for (const std::string& word : split(list + ",", ',')) {  // "8,": an empty last word
    const std::optional<double> number = parse_number<double>(word);
    require<UsageError>(number.has_value(), option, " ", list, ": '", word,
                        "' is not a number; expected ", expected);
    numbers.push_back(*number);
  }
  return numbers;
}

}  // namespace excite
