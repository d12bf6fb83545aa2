#include "models/zoo/settings.h"

#include <algorithm>

namespace excite {

Settings parse_settings(const std::string& text) {
  Settings settings;
  std::string* last = nullptr;
  for (const std::string& word : split(text, ',')) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos && last) {
      *last += "," + word;
      continue;
    }
    require<UsageError>(equals != std::string::npos && equals > 0, "model option '", word,
                        "': expected key=value, such as reduction=8");
    const auto [entry, is_new] = settings.emplace(word.substr(0, equals), word.substr(equals + 1));
    require<UsageError>(is_new, "model option ", entry->first, " is given twice");
    last = &entry->second;
  }
  return settings;
}

Settings together(Settings a, const Settings& b) {
  a.insert(b.begin(), b.end());
  return a;
}

std::string in_words(const Settings& settings) {
  std::vector<std::string> words;
  for (const auto& [key, value] : settings) words.push_back(key + "=" + value);
  return join(words, ",");
}

long whole_number(const std::string& option, const std::string& value) {
  const std::optional<long> n = number_in<long>(value);
  require<UsageError>(n && *n >= 1 && *n <= 1'000'000, "model option ", option, "=", value,
                      ": expected a whole number from 1 to 1000000");
  return *n;
}

double probability(const Settings& set, const std::string& option) {
  const std::string& value = set.at(option);
  const std::optional<double> p = number_in<double>(value);
  require<UsageError>(p && *p >= 0 && *p < 1, "model option ", option, "=", value,
                      ": expected a number from 0 to below 1");
  return *p;
}

std::vector<long> some_of(const Settings& set, const std::string& option,
                          const std::string& possible) {
  const std::vector<std::string> all = split(possible, ','), chosen = split(set.at(option), ',');
  std::vector<long> numbers;
  for (const std::string& word : chosen) {
    require<UsageError>(std::count(all.begin(), all.end(), word), "model option ", option, "=",
                        set.at(option), ": '", word, "' is none of ", join(all, ", "));
    numbers.push_back(whole_number(option, word));
  }
  require<UsageError>(!numbers.empty(), "model option ", option, "=: expected some of ",
                      join(all, ", "));
  return numbers;
}

Settings se_settings(const std::string& stages) {
  return {{"gate", "sigmoid"}, {"reduction", "16"},   {"se_bias", "on"}, {"se_fc", "linear"},
          {"se_least", "1"},   {"se_stages", stages}, {"squeeze", "avg"}};
}

Settings placement_settings() { return {{"se", "standard"}}; }

SeOptions se_of(const Settings& set, const std::string& stages) {
  using OfImage = Var (*)(const Var&);
  SeOptions o;
  o.reduction = whole_number("reduction", set.at("reduction"));
  o.least = whole_number("se_least", set.at("se_least"));
  require<UsageError>(o.least <= 4096, "model option se_least=", o.least,
                      ": expected at most 4096");
  o.bias = choice<Bias>(set, "se_bias", {{"on", Bias::drawn}, {"off", Bias::none}});
  o.weights = choice<WeightShape>(set, "se_fc",
                                  {{"linear", WeightShape::matrix}, {"1x1", WeightShape::conv1x1}});
  o.squeeze = choice<OfImage>(
      set, "squeeze", {{"avg", global_avg_pool}, {"max", global_max_pool}, {"none", no_squeeze}});
  o.activation =
      choice<OfImage>(set, "gate", {{"sigmoid", sigmoid}, {"relu", relu}, {"tanh", tanh}});
  o.stages = some_of(set, "se_stages", stages);
  if (set.contains("se"))
    o.place = choice<Placement>(set, "se",
                                {{"standard", Placement::standard},
                                 {"pre", Placement::pre},
                                 {"post", Placement::post},
                                 {"identity", Placement::identity},
                                 {"inside", Placement::inside}});
  return o;
}

}  // namespace excite
