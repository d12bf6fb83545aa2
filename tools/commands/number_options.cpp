#include "tools/commands/number_options.h"

#include "core/check.h"
#include "core/text.h"

namespace excite {
namespace {

// CLI11 alone would take 010 for 8, an empty word for 0, and what is too large for the largest
// number there is.
template <class Number>
CLI::Validator number(const char* expected) {
  const auto read = [=](std::string& word) -> std::string {
    const std::optional<Number> n = number_in<Number>(word);
    if (!n) return text("'", word, "', expected ", expected);
    if constexpr (std::is_integral_v<Number>) word = std::to_string(*n);
    return "";
  };
  return CLI::Validator(read, "");
}

}  // namespace

void read_numbers_strictly(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands({}))
    for (CLI::Option* option : command->get_options()) {
      const std::string type = option->get_type_name();
      if (type.starts_with("INT")) option->transform(number<long>("a whole number below 2^63"));
      if (type.starts_with("FLOAT")) option->transform(number<double>("a finite number"));
    }
}

std::vector<double> numbers_of_list(const std::string& option, const std::string& list,
                                    const std::string& expected) {
  std::vector<double> numbers;
  for (const std::string& word :
       split(list + ",", ',')) {  // so that nothing at the end is a word, too
    const std::optional<double> number = number_in<double>(word);
    require<UsageError>(number.has_value(), option, " ", list, ": '", word,
                        "' is not a number; expected ", expected);
    numbers.push_back(*number);
  }
  return numbers;
}

}  // namespace excite
