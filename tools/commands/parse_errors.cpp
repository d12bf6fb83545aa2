#include "tools/commands/parse_errors.h"

#include <algorithm>

#include "core/check.h"
#include "core/text.h"
#include "tools/commands/help_format.h"

namespace excite {

namespace {

const CLI::App& called(const CLI::App& app) {
  return app.get_subcommands().empty() ? app : *app.get_subcommands().front();
}

// "excite train", or "excite" where no command was called.
std::string name_of(const CLI::App& app, const CLI::App& command) {
  return &command == &app ? app.get_name() : app.get_name() + " " + command.get_name();
}

// Names are compared without dashes, which all options have in common.
std::string unknown_option(const CLI::App& app, const CLI::App& command, const std::string& word) {
  const std::string bare = word.substr(std::min(word.size(), word.find_first_not_of('-')));
  std::vector<std::string> known, parts;  // --batch is a part of --batch-size
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) {
      known.push_back(name);
      if (bare.starts_with(name + "-") || name.starts_with(bare + "-")) parts.push_back(name);
    }
  std::string match = closest_match(bare, known);
  if (match.empty() && !parts.empty()) match = parts.front();
  if (!match.empty()) return text("there is no option ", word, "; the nearest is --", match);
  return text("there is no option ", word, "; `", name_of(app, command),
              " --help` lists the options");
}

std::string unknown_word(const CLI::App& app) {
  const CLI::App& command = called(app);
  const std::string first = app.remaining(true).front(), word = first.substr(0, first.find('='));
  if (word.starts_with("-")) return unknown_option(app, command, word);
  if (&command != &app)
    return text("unexpected argument '", first,
                "'; usage: ", usage_line(command, name_of(app, command)));
  std::vector<std::string> known;
  for (const CLI::App* possible : app.get_subcommands({})) known.push_back(possible->get_name());
  const std::string near = suggestion(word, known);
  return text("there is no command '", word, "'",
              near.empty() ? "; `excite --help` lists the commands" : near);
}

// The label of the option that CLI11 names at the beginning of its message.
std::string label_in(const CLI::App& command, const std::string& name) {
  const CLI::Option* option = command.get_option_no_throw(name);
  return option ? label_of(*option) : name;
}

std::string missing(const CLI::App& app, const std::string& name) {
  const CLI::App& command = called(app);
  return text(label_in(command, name),
              " is missing; usage: ", usage_line(command, name_of(app, command)));
}

std::string wrong_count(const CLI::App& command, const std::string& name) {
  const CLI::Option* option = command.get_option_no_throw(name);
  if (option && option->count() > 1)
    return text(name, " is given ", option->count(), " times, expected once");
  return text(name, " has no value, expected ", label_in(command, name));
}

}  // namespace

std::string called_command(const CLI::App& app) {
  return app.get_subcommands().empty() ? "" : called(app).get_name();
}

std::string sentence_of(const CLI::App& app, const CLI::ParseError& error) {
  const std::string message = error.what(), kind = error.get_name();
  const auto before = [&](const std::string& words) {
    return message.substr(0, message.find(words));
  };
  const auto after = [&](const std::string& words) {
    return message.substr(message.find(words) + words.size());
  };
  if (!app.remaining(true).empty()) return unknown_word(app);
  if (kind == "RequiredError") return missing(app, before(" is required"));
  const std::string flag_with_value = " was given a disallowed flag override";
  if (message.ends_with(flag_with_value))
    return text("--", before(flag_with_value), " takes no value");
  if (kind == "ArgumentMismatch") return wrong_count(called(app), before(":"));
  if (kind == "ExcludesError")
    return text(before(" excludes "), " cannot be combined with ", after(" excludes "));
  if (kind == "ValidationError") return before(": ") + " " + after(": ");
  return message;
}

}  // namespace excite
