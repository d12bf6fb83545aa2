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

Settings merged(Settings settings, const Settings& defaults) {
  settings.insert(defaults.begin(), defaults.end());
  return settings;
}

std::string to_string(const Settings& settings) {
  std::vector<std::string> words;
  for (const auto& [key, value] : settings) words.push_back(key + "=" + value);
  return join(words, ",");
}

long positive_integer(const std::string& option, const std::string& value) {
  const std::optional<long> n = parse_number<long>(value);
  require<UsageError>(n && *n >= 1 && *n <= 1'000'000, "model option ", option, "=", value,
                      ": expected a whole number from 1 to 1000000");
  return *n;
}

double probability(const Settings& settings, const std::string& option) {
  const std::string& value = settings.at(option);
  const std::optional<double> p = parse_number<double>(value);
  require<UsageError>(p && *p >= 0 && *p < 1, "model option ", option, "=", value,
                      ": expected a number from 0 to below 1");
  return *p;
}

std::vector<long> integer_list(const Settings& settings, const std::string& option,
                               const std::string& allowed) {
  const std::vector<std::string> all = split(allowed, ','),
                                 chosen = split(settings.at(option), ',');
  std::vector<long> numbers;
  for (const std::string& word : chosen) {
    require<UsageError>(std::count(all.begin(), all.end(), word), "model option ", option, "=",
                        settings.at(option), ": '", word, "' is not one of ", join(all, ", "));
    numbers.push_back(positive_integer(option, word));
  }
  require<UsageError>(!numbers.empty(), "model option ", option, "=: expected one or more of ",
                      join(all, ", "));
  return numbers;
}

Settings se_defaults(const std::string& stages) {
  return {{"gate", "sigmoid"}, {"reduction", "16"},   {"se_bias", "on"}, {"se_fc", "linear"},
          {"se_least", "1"},   {"se_stages", stages}, {"squeeze", "avg"}};
}

Settings placement_defaults() { return {{"se", "standard"}}; }

SeOptions se_options(const Settings& settings, const std::string& stages) {
  using Function = Var (*)(const Var&);
  SeOptions o;
  o.reduction = positive_integer("reduction", settings.at("reduction"));
  o.min_hidden = positive_integer("se_least", settings.at("se_least"));
  require<UsageError>(o.min_hidden <= 4096, "model option se_least=", o.min_hidden,
                      ": expected at most 4096");
  o.bias = choice<Bias>(settings, "se_bias", {{"on", Bias::uniform}, {"off", Bias::none}});
  o.weights = choice<WeightShape>(settings, "se_fc",
                                  {{"linear", WeightShape::matrix}, {"1x1", WeightShape::conv1x1}});
  o.squeeze = choice<Squeeze>(settings, "squeeze",
                              {{"avg", Squeeze::mean},
                               {"max", Squeeze::max},
                               {"none", Squeeze::none},
                               {"ones", Squeeze::ones}});
  o.activation =
      choice<Function>(settings, "gate", {{"sigmoid", sigmoid}, {"relu", relu}, {"tanh", tanh}});
  o.stages = integer_list(settings, "se_stages", stages);
  if (settings.contains("se"))
    o.place = choice<Placement>(settings, "se",
                                {{"standard", Placement::standard},
                                 {"pre", Placement::pre},
                                 {"post", Placement::post},
                                 {"identity", Placement::identity},
                                 {"inside", Placement::inside}});
  return o;
}

}  // namespace excite
