// From a model's name and options to the model.
#pragma once
#include <string>
#include <vector>

#include "models/model.h"
#include "models/zoo/settings.h"

namespace excite {

// An entry of the list of models.
struct ModelEntry {
  std::string name, about;    // se_resnet20, and one line that describes it
  Settings defaults;          // every option that the model has
  std::string small_variant;  // internal: a model of the same blocks, small enough to check every
                              // gradient. It is neither listed nor suggested.
  Model (*make)(const std::string& name, const Settings& options, long classes, Rng& rng);
};
const std::vector<ModelEntry>& model_list();  // in the order of `excite models`
std::vector<std::string> model_names();       // of model_list(), without the small variants
bool is_listed(const std::string& name);      // among model_names()

// The entry of this name, or the one whose small variant has this name. If there is none, a
// UsageError that suggests the closest listed name.
const ModelEntry& find_model(const std::string& name);

// Builds a model and draws its parameters from rng. Options that are not given have their defaults.
// An unknown name or option is a UsageError that suggests the closest match; for an invalid value,
// the error lists the valid ones.
Model make_model(const std::string& name, const Settings& options, long classes, Rng& rng);

}  // namespace excite
