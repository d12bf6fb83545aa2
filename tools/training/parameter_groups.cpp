#include "tools/training/parameter_groups.h"

#include <fnmatch.h>

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "core/text.h"
#include "models/interop/tensor_shapes.h"

namespace excite {

namespace {

// Distinct layers in the order of the network.
std::vector<std::string> layers_of(const std::vector<Parameter>& parameters) {
  std::vector<std::string> layers;
  for (const Parameter& p : parameters) {
    const std::string layer = layer_in_network(p.name);
    if (std::find(layers.begin(), layers.end(), layer) == layers.end()) layers.push_back(layer);
  }
  return layers;
}

bool in_head(const Parameter& p, const std::string& head) { return p.name.starts_with(head + "."); }

void freeze(const std::string& pattern, const std::vector<Parameter>& parameters,
            const std::string& head) {
  long found = 0;
  for (const Parameter& p : parameters) {
    const bool frozen =
        pattern == "all-but-head" ? !in_head(p, head) : matches_pattern(p.name, pattern);
    if (!frozen) continue;
    p.var->requires_grad = false;
    found++;
  }
  std::vector<std::string> known = layers_of(parameters);
  known.emplace_back("all-but-head");
  require<UsageError>(found > 0, "--freeze ", pattern, ": no parameter has such a name",
                      suggestion(pattern, known), "; the layers are ", join_some(known, 20));
}

}  // namespace

std::string layer_in_network(const std::string& parameter) {
  const std::vector<std::string> parts = split(parameter, '.');
  const auto is_number = [](const std::string& part) {
    return !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
  };
  const auto number = std::find_if(parts.begin(), parts.end(), is_number);
  return number == parts.end() ? parts[0] : join({parts.begin(), number + 1}, ".");
}

bool matches_pattern(const std::string& parameter, const std::string& pattern) {
  return fnmatch(pattern.c_str(), parameter.c_str(), 0) == 0 ||
         fnmatch((pattern + ".*").c_str(), parameter.c_str(), 0) == 0;
}

std::vector<Parameter> parameters_to_train(const Recipe& recipe, const Model& model) {
  const WeightDecay decay = recipe.decay == "all" ? WeightDecay::all : WeightDecay::weights;
  std::vector<Parameter> all = parameters(model.module(), decay);
  const std::string head = classifier_name(model.module());
  for (const std::string& pattern : split(recipe.freeze, ',')) freeze(pattern, all, head);

  const std::vector<std::string> layers = layers_of(all);
  for (Parameter& p : all) {
    const auto layer = std::find(layers.begin(), layers.end(), layer_in_network(p.name));
    const auto from_last = static_cast<double>(layers.end() - layer - 1);
    p.lr_factor =
        std::pow(recipe.layer_decay, from_last) * (in_head(p, head) ? recipe.head_lr_factor : 1);
  }
  std::erase_if(all, [](const Parameter& p) { return !p.var.requires_grad(); });
  require<UsageError>(!all.empty(), "train: all parameters of ", model.name,
                      " are frozen, so nothing is left to train; use --freeze all-but-head");
  return all;
}

}  // namespace excite
