#include "models/zoo/registry.h"

#include <algorithm>

#include "core/text.h"
#include "models/zoo/families.h"

namespace excite {

const std::vector<ModelEntry>& model_list() {
  static const std::vector<ModelEntry> list = [] {
    std::vector<ModelEntry> all;
    for (const auto add : {add_cifar_resnets, add_preact_resnets, add_shake_shakes, add_airbench,
                           add_resnets, add_inceptions, add_others})
      add(all);
    return all;
  }();
  return list;
}

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const ModelEntry& entry : model_list()) names.push_back(entry.name);
  return names;
}

bool is_listed(const std::string& name) {
  const std::vector<ModelEntry>& list = model_list();
  return std::any_of(list.begin(), list.end(), [&](const auto& e) { return e.name == name; });
}

const ModelEntry& find_model(const std::string& name) {
  for (const ModelEntry& entry : model_list())
    if (entry.name == name || entry.small_variant == name) return entry;
  throw UsageError(text("there is no model '", name, "'", suggestion(name, model_names()),
                        " (`excite models` lists them)"));
}

namespace {
void require_known_option(const std::string& model, const Settings& defaults,
                          const std::string& key) {
  if (defaults.contains(key)) return;
  require<UsageError>(!defaults.empty(), "model ", model, " has no option '", key,
                      "'; it has no options at all");
  std::vector<std::string> known;
  for (const auto& [name, unused] : defaults) known.push_back(name);
  throw UsageError(text("model ", model, " has no option '", key, "'", suggestion(key, known),
                        " (its options: ", join_some(known), ")"));
}
}  // namespace

Model make_model(const std::string& name, const Settings& options, long classes, Rng& rng) {
  const ModelEntry& entry = find_model(name);
  require<UsageError>(classes >= 2, "model ", name, ": ", counted(classes, "class"),
                      ", expected at least 2");
  for (const auto& [key, unused] : options) require_known_option(name, entry.defaults, key);
  return entry.make(name, merged(options, entry.defaults), classes, rng);
}

}  // namespace excite
