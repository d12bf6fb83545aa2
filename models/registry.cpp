#include "models/registry.h"

#include <charconv>

#include "core/check.h"
#include "core/text.h"
#include "models/cifar_resnet.h"

namespace excite {

namespace {

long whole_number(const std::string& option, const std::string& value) {
  long n = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), n);
  require<UsageError>(error == std::errc() && end == value.data() + value.size() && n >= 1 && n <= 1'000'000, "model option ", option, "=", value,
                      ": expected a whole number of at least 1");
  return n;
}

template <class Value>
Value choice(const std::string& option, const std::string& value, const std::map<std::string, Value>& possible) {
  const auto found = possible.find(value);
  std::vector<std::string> words;
  for (const auto& [word, unused] : possible) words.push_back(word);
  require<UsageError>(found != possible.end(), "model option ", option, "=", value, ": expected ", join(words, " or "));
  return found->second;
}

// ---- one function a family: from resolved options to a network ----

template <class Network>
Model erased(const std::string& name, const Settings& options, long classes, long picture_size, Network network) {
  network.name_nodes();
  const Module& module = network;
  return {name, options, classes, picture_size, module, [network](const Var& x, Mode mode) { return network(x, mode); }};
}

Model cifar_resnet(const std::string& name, const Settings& set, long classes, Rng& rng) {
  CifarResnetOptions o;
  o.squeeze_excite = name.starts_with("se_");
  o.depth = static_cast<int>(whole_number("depth", name.substr(name.find("resnet") + 6)));
  o.classes = classes;
  o.shortcut = choice<Shortcut>("shortcut", set.at("shortcut"), {{"A", Shortcut::A}, {"B", Shortcut::B}});
  if (o.squeeze_excite) {
    o.reduction = whole_number("reduction", set.at("reduction"));
    o.se_bias = choice<Bias>("se_bias", set.at("se_bias"), {{"on", Bias::drawn}, {"off", Bias::none}});
  }
  return erased(name, set, classes, 32, CifarResnet(o, rng));
}

const Settings se_options{{"reduction", "16"}, {"se_bias", "on"}};
Settings together(Settings a, const Settings& b) {
  a.insert(b.begin(), b.end());
  return a;
}

}  // namespace

const std::vector<ModelEntry>& model_list() {
  static const std::vector<ModelEntry> list = [] {
    std::vector<ModelEntry> all;
    const Settings plain{{"shortcut", "B"}};
    for (const char* depth : {"20", "32", "44", "56", "110"}) {
      all.push_back({text("resnet", depth), text("ResNet of ", depth, " layers for 32x32 pictures"), plain, "resnet8"});
      all.push_back({text("se_resnet", depth), text("the same with a squeeze-and-excitation block at the end of each branch"),
                     together(plain, se_options), "se_resnet8"});
    }
    return all;
  }();
  return list;
}

Settings parse_settings(const std::string& text) {
  Settings settings;
  for (const std::string& word : split(text, ',')) {
    const std::size_t equals = word.find('=');
    require<UsageError>(equals != std::string::npos && equals > 0, "model option '", word, "': expected key=value, such as reduction=8");
    require<UsageError>(settings.emplace(word.substr(0, equals), word.substr(equals + 1)).second, "model option ", word.substr(0, equals), " is given twice");
  }
  return settings;
}

Model make_model(const std::string& name, const Settings& options, long classes, Rng& rng) {
  std::vector<std::string> names;
  const ModelEntry* entry = nullptr;
  for (const ModelEntry& e : model_list()) {
    names.push_back(e.name);
    if (e.name == name || e.small == name) entry = &e;
  }
  require<UsageError>(entry, "there is no model '", name, "'; the nearest is ", nearest(name, names), " (`excite models` lists them)");
  require<UsageError>(classes >= 2, "model ", name, ": ", classes, " classes, expected at least 2");

  Settings resolved = entry->defaults;
  for (const auto& [key, value] : options) {
    std::vector<std::string> keys;
    for (const auto& [possible, unused] : entry->defaults) keys.push_back(possible);
    require<UsageError>(resolved.contains(key), "model ", name, " has no option '", key, "'; the nearest is ", nearest(key, keys), " (all: ",
                        join(keys, ", "), ")");
    resolved[key] = value;
  }
  return cifar_resnet(name, resolved, classes, rng);
}

}  // namespace excite
