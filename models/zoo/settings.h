// A model's options, as words and as what they mean.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/check.h"
#include "core/text.h"
#include "models/placement.h"

namespace excite {

using Settings = std::map<std::string, std::string>;  // reduction=8,shortcut=A as {{"reduction",
                                                      // "8"}, {"shortcut", "A"}}

Settings parse_settings(const std::string& text);  // "reduction=8,se_stages=2,3": a word without =
                                                   // goes on with the value before it
Settings together(Settings a, const Settings& b);
std::string in_words(const Settings& settings);  // "reduction=8,shortcut=A"

// The value of an option; another than is possible is a UsageError that says which are.
long whole_number(const std::string& option, const std::string& value);
double probability(const Settings& set, const std::string& option);  // at least 0, below 1
std::vector<long> some_of(const Settings& set, const std::string& option,
                          const std::string& possible);  // "2,3,4,5"
template <class Value>
Value choice(const Settings& set, const std::string& option,
             const std::map<std::string, Value>& possible) {
  const auto found = possible.find(set.at(option));
  std::vector<std::string> words;
  for (const auto& [word, unused] : possible) words.push_back(word);
  require<UsageError>(found != possible.end(), "model option ", option, "=", set.at(option),
                      ": expected ", join(words, " or "));
  return found->second;
}

// ---- squeeze-and-excitation ----
Settings se_settings(const std::string& stages);  // the defaults of a network with these stages
Settings placement_settings();                    // beside them, of a network with residual blocks
SeOptions se_of(const Settings& set, const std::string& stages);

}  // namespace excite
