#include "tools/commands/help_format.h"

#include <algorithm>
#include <utility>

#include "core/text.h"

namespace excite {

namespace {

constexpr std::size_t page_width = 100, indent = 2, gap = 2, max_label = 30;

std::vector<std::string> wrapped(const std::string& words, std::size_t width) {
  std::vector<std::string> lines;
  for (const std::string& paragraph : split(words, '\n')) {
    std::string line;
    for (const std::string& word : split(paragraph, ' ')) {
      if (!line.empty() && line.size() + 1 + word.size() > width)
        lines.push_back(std::exchange(line, ""));
      line += (line.empty() ? "" : " ") + word;
    }
    lines.push_back(line);
  }
  return lines;
}

struct Entry {
  std::string label, words;
};

std::size_t column_of(const std::vector<Entry>& entries) {
  std::size_t widest = 0;
  for (const Entry& entry : entries)
    if (entry.label.size() <= max_label) widest = std::max(widest, entry.label.size());
  return indent + widest + gap;
}

// A label that is wider than its column has a line of its own.
std::string printed(const Entry& entry, std::size_t column) {
  std::string out = std::string(indent, ' ') + entry.label;
  std::size_t at = out.size();
  for (const std::string& line : wrapped(entry.words, page_width - column)) {
    if (at + gap > column) out += "\n", at = 0;
    out += std::string(column - at, ' ') + line;
    at = page_width;
  }
  return out + "\n";
}

std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

// CLI11 knows the default as text; "[]" is an empty list.
std::string words_of(const CLI::Option& option) {
  const std::string value = option.get_default_str();
  const bool has_default =
      takes_value(option) && !option.get_required() && !value.empty() && value != "[]";
  return option.get_description() + (has_default ? " [" + value + "]" : "");
}

using Groups = std::vector<std::pair<std::string, std::vector<Entry>>>;

// Groups are in the order in which the first of each was added.
void add(Groups& groups, const std::string& name, Entry entry) {
  auto group = std::find_if(groups.begin(), groups.end(),
                            [&](const auto& other) { return other.first == name; });
  if (group == groups.end()) group = groups.insert(groups.end(), {name, {}});
  group->second.push_back(std::move(entry));
}

Groups options_of(const CLI::App& app) {
  Groups groups;
  for (const CLI::Option* option : app.get_options())
    if (option != app.get_help_ptr())
      add(groups, option->nonpositional() ? option->get_group() : "Arguments",
          {label_of(*option), words_of(*option)});
  if (const CLI::Option* help = app.get_help_ptr())
    add(groups, "Other", {label_of(*help), help->get_description()});
  return groups;
}

Groups commands_of(const CLI::App& app) {
  Groups groups;
  for (const CLI::App* command : app.get_subcommands({}))
    add(groups, command->get_group(),
        {command->get_name(), split(command->get_description(), '\n').front()});
  return groups;
}

std::string printed(const Groups& groups) {
  std::vector<Entry> all;
  for (const auto& [name, entries] : groups) all.insert(all.end(), entries.begin(), entries.end());
  const std::size_t column = column_of(all);
  std::string out;
  for (const auto& [name, entries] : groups) {
    out += "\n" + name + ":\n";
    for (const Entry& entry : entries) out += printed(entry, column);
  }
  return out;
}

}  // namespace

std::string label_of(const CLI::Option& option) {
  const bool several = option.get_items_expected_max() > 1;
  if (!option.nonpositional()) return option.get_type_name() + (several ? "..." : "");
  return join(names_of(option), ", ") + (takes_value(option) ? " " + option.get_type_name() : "");
}

std::string usage_line(const CLI::App& app, const std::string& name) {
  if (!app.get_subcommands({}).empty()) return name + " COMMAND [OPTIONS]";
  std::string options, arguments;
  for (const CLI::Option* option : app.get_options()) {
    const std::string label = label_of(*option);
    if (!option->nonpositional())
      arguments += option->get_required() ? " " + label : " [" + label + "]";
    else if (option->get_required())
      options += " " + label;
  }
  return name + " [OPTIONS]" + options + arguments;
}

std::string HelpFormat::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode) const {
  std::string help = "Usage: " + usage_line(*app, name) + "\n\n";
  for (const std::string& line : wrapped(app->get_description(), page_width)) help += line + "\n";
  help += printed(commands_of(*app)) + printed(options_of(*app));
  return help + "\n" + app->get_footer() + "\n";
}

}  // namespace excite
