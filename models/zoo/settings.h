// A model's options: parsing, formatting and checking their values.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/check.h"
#include "core/text.h"
#include "models/model.h"
#include "models/placement.h"

namespace excite {

// Parses "reduction=8,se_stages=2,3". A part without = belongs to the value before it.
Settings parse_settings(const std::string& text);
std::string to_string(const Settings& settings);  // "reduction=8,shortcut=A"

// The union of both. Where both have a key, the value of `settings` counts.
Settings merged(Settings settings, const Settings& defaults);

// ---- the value of one option; an invalid one is a UsageError that lists what is valid ----

long positive_integer(const std::string& option, const std::string& value);  // 1 to 1000000
double probability(const Settings& settings, const std::string& option);     // at least 0, below 1

// Parses a list such as "2,4". `allowed` lists the valid numbers: "2,3,4,5".
std::vector<long> integer_list(const Settings& settings, const std::string& option,
                               const std::string& allowed);

// The value that `values` gives for the option's word.
template <class Value>
Value choice(const Settings& settings, const std::string& option,
             const std::map<std::string, Value>& values) {
  const std::string& word = settings.at(option);
  const auto found = values.find(word);
  std::vector<std::string> words;
  for (const auto& [valid, unused] : values) words.push_back(valid);
  require<UsageError>(found != values.end(), "model option ", option, "=", word, ": expected ",
                      join(words, " or "));
  return found->second;
}

// ---- options of squeeze-and-excitation ----

Settings se_defaults(const std::string& stages);  // of a network with these stages: "2,3,4"
Settings placement_defaults();                    // one more option, of networks with shortcuts
// The options that the settings give. `stages` lists those that the network has.
SeOptions se_options(const Settings& settings, const std::string& stages);

}  // namespace excite
