// From a name and options to a model.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "layers/module.h"
#include "models/zoo/settings.h"

namespace excite {

// A network whose type is no longer known: what it owns, and how it is called.
struct Model {
  std::string name;  // se_resnet20
  Settings options;  // all of them, resolved
  long classes;
  long image_size;  // the side it is meant for
  long smallest;    // the side it needs
  Module module;
  std::function<Var(const Var& x, Mode mode)> run;  // [N, H, W, 3] -> logits [N, classes]
  Var operator()(const Var& x, Mode mode) const { return run(x, mode); }
};

// A line of the list of models.
struct ModelEntry {
  std::string name, about;
  Settings defaults;  // every option it takes
  std::string small;  // the name of a relative of the same blocks that is small enough to check
                      // every gradient
  Model (*make)(const std::string& name, const Settings& options, long classes, Rng& rng);
};
const std::vector<ModelEntry>& model_list();
const ModelEntry& find_model(const std::string& name);  // its own line, or a relative's of a small
                                                        // one; UsageError that says the nearest

// Parameters are drawn from rng. An unknown name, option or value is a UsageError that says the
// nearest or the possible ones.
Model make_model(const std::string& name, const Settings& options, long classes, Rng& rng);

}  // namespace excite
