#include "models/zoo/registry.h"

#include "models/zoo/families.h"

namespace excite {

const std::vector<ModelEntry>& model_list() {
  static const std::vector<ModelEntry> list = [] {
    std::vector<ModelEntry> all;
    for (const auto add : {add_cifar_resnets, add_preact_resnets, add_shake_shakes, add_resnets,
                           add_inceptions, add_others})
      add(all);
    return all;
  }();
  return list;
}

const ModelEntry& find_model(const std::string& name) {
  std::vector<std::string> names;
  for (const ModelEntry& e : model_list()) {
    names.push_back(e.name);
    if (e.name == name || e.small == name) return e;
  }
  throw UsageError(text("there is no model '", name, "'; the nearest is ", nearest(name, names),
                        " (`excite models` lists them)"));
}

Model make_model(const std::string& name, const Settings& options, long classes, Rng& rng) {
  const ModelEntry& entry = find_model(name);
  require<UsageError>(classes >= 2, "model ", name, ": ", classes, " classes, expected at least 2");

  Settings resolved = entry.defaults;
  for (const auto& [key, value] : options) {
    std::vector<std::string> keys;
    for (const auto& [possible, unused] : entry.defaults) keys.push_back(possible);
    require<UsageError>(resolved.contains(key), "model ", name, " has no option '", key,
                        "'; the nearest is ", nearest(key, keys), " (all: ", join(keys, ", "), ")");
    resolved[key] = value;
  }
  return entry.make(name, resolved, classes, rng);
}

}  // namespace excite
