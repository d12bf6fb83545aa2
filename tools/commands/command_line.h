// Commands, options and positional arguments of the command line. CLI11, which parses it, is
// included by a few source files alone: its header takes longer to compile than a command.
#pragma once
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace excite {

// An option such as --epochs, or a positional argument. Copies are the same option.
class Option {
 public:
  explicit Option(CLI::Option* option) : cli(option) {}

  // Each returns the option itself.
  Option required() const;
  Option optional() const;
  Option excludes(Option other) const;
  // Takes one word each time it is given, so that a positional argument may follow.
  Option one_word_each() const;
  // An error unless least <= value <= most.
  Option whole_number(long least, long most = std::numeric_limits<long>::max()) const;
  Option real_number(double least, double most) const;
  // In --help: what stands for the value, the default, and more words after the description.
  Option type_name(const std::string& name) const;
  Option default_text(const std::string& value) const;
  Option describe_also(const std::string& words) const;

  std::string name() const;  // "--epochs"
  bool is_given() const;
  // As if `value` stood on the command line.
  void set(const std::string& value) const;

 private:
  CLI::Option* cli;
};

// The program, or a command of it such as train. Copies are the same command.
class Command {
 public:
  explicit Command(CLI::App& app) : cli(&app) {}

  Command add_command(const std::string& name, const std::string& description) const;
  void on_call(std::function<void()> action) const;

  // Options that are added after this one are printed under this heading in --help.
  void begin_group(const std::string& heading) const;
  // The value that `value` has now is the default. A name without dashes is a positional argument.
  Option add_option(const std::string& name, std::string& value, const std::string& help) const;
  Option add_option(const std::string& name, int& value, const std::string& help) const;
  Option add_option(const std::string& name, long& value, const std::string& help) const;
  Option add_option(const std::string& name, double& value, const std::string& help) const;
  Option add_option(const std::string& name, std::vector<std::string>& values,
                    const std::string& help) const;
  Option add_option(const std::string& name, std::optional<std::string>& value,
                    const std::string& help) const;
  Option add_option(const std::string& name, std::optional<long>& value,
                    const std::string& help) const;
  Option add_option(const std::string& name, std::optional<double>& value,
                    const std::string& help) const;
  // Calls `use` with the word that is given.
  Option add_word(const std::string& name, std::function<void(const std::string&)> use,
                  const std::string& help) const;
  Option add_flag(const std::string& name, bool& value, const std::string& help) const;
  // The last part of --help: commands to try, one per line.
  void add_examples(const std::vector<std::string>& lines) const;

  std::vector<Option> options() const;
  Option option(const std::string& name) const;

 private:
  CLI::App* cli;
};

}  // namespace excite
