#include "tools/commands/command_line.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "core/check.h"
#include "core/text.h"

namespace excite {

namespace {

// CLI11 has turned the word into a decimal number before (number_options.h).
template <class Number>
CLI::Validator in_range(Number least, Number most, const std::string& expected) {
  const auto check = [=](std::string& word) -> std::string {
    const std::optional<Number> number = parse_number<Number>(word);
    return number && *number >= least && *number <= most ? "" : word + ": expected " + expected;
  };
  return CLI::Validator(check, "");
}

}  // namespace

Option Option::required() const { return Option(cli->required()); }
Option Option::optional() const { return Option(cli->required(false)); }
Option Option::excludes(Option other) const { return Option(cli->excludes(other.cli)); }
Option Option::one_word_each() const { return Option(cli->allow_extra_args(false)); }

Option Option::whole_number(long least, long most) const {
  const bool bounded = most < std::numeric_limits<long>::max();
  return Option(cli->check(in_range(least, most,
                                    bounded ? text("a whole number from ", least, " to ", most)
                                            : text("a whole number of at least ", least))));
}

Option Option::real_number(double least, double most) const {
  return Option(cli->check(in_range(least, most, text("a number from ", least, " to ", most))));
}

Option Option::type_name(const std::string& name) const { return Option(cli->type_name(name)); }
Option Option::default_text(const std::string& value) const {
  return Option(cli->default_str(value));
}
Option Option::describe_also(const std::string& words) const {
  return Option(cli->description(cli->get_description() + " " + words));
}

std::string Option::name() const { return cli->get_name(); }
bool Option::is_given() const { return cli->count() > 0; }
void Option::set(const std::string& value) const {
  cli->add_result(value);
  cli->run_callback();
}

Command Command::add_command(const std::string& name, const std::string& description) const {
  return Command(*cli->add_subcommand(name, description));
}
void Command::on_call(std::function<void()> action) const { cli->callback(std::move(action)); }

void Command::begin_group(const std::string& heading) const {
  cli->option_defaults()->group(heading);
}

Option Command::add_option(const std::string& name, std::string& value,
                           const std::string& help) const {
  return Option(cli->add_option(name, value, help));
}
Option Command::add_option(const std::string& name, int& value, const std::string& help) const {
  return Option(cli->add_option(name, value, help));
}
Option Command::add_option(const std::string& name, long& value, const std::string& help) const {
  return Option(cli->add_option(name, value, help));
}
Option Command::add_option(const std::string& name, double& value, const std::string& help) const {
  return Option(cli->add_option(name, value, help));
}
Option Command::add_option(const std::string& name, std::vector<std::string>& values,
                           const std::string& help) const {
  return Option(cli->add_option(name, values, help));
}
Option Command::add_option(const std::string& name, std::optional<std::string>& value,
                           const std::string& help) const {
  return Option(cli->add_option(name, value, help));
}
Option Command::add_option(const std::string& name, std::optional<long>& value,
                           const std::string& help) const {
  return Option(cli->add_option(name, value, help));
}
Option Command::add_option(const std::string& name, std::optional<double>& value,
                           const std::string& help) const {
  return Option(cli->add_option(name, value, help));
}

Option Command::add_word(const std::string& name, std::function<void(const std::string&)> use,
                         const std::string& help) const {
  return Option(cli->add_option_function<std::string>(name, use, help));
}
Option Command::add_flag(const std::string& name, bool& value, const std::string& help) const {
  return Option(cli->add_flag(name, value, help)->disable_flag_override());
}

void Command::add_examples(const std::vector<std::string>& lines) const {
  cli->footer("Examples:\n  " + join(lines, "\n  "));
}

std::vector<Option> Command::options() const {
  std::vector<Option> all;
  for (CLI::Option* option : cli->get_options()) all.emplace_back(option);
  return all;
}
Option Command::option(const std::string& name) const { return Option(cli->get_option(name)); }

}  // namespace excite
