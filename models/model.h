// A network of any type behind one interface, as make_model (models/zoo/registry.h) builds it.
#pragma once
#include <functional>
#include <map>
#include <string>

#include "layers/module.h"

namespace excite {

// Options of a model by name: {{"reduction", "8"}, {"shortcut", "A"}}.
using Settings = std::map<std::string, std::string>;

// A type-erased network. Copies share their parameters.
struct Model {
  std::string name;  // se_resnet20
  Settings options;  // every option of the model, defaults included
  long classes;
  long image_size;      // side in pixels of the images that the paper trains on
  long min_image_size;  // smallest side in pixels that the network can process
  Module module;        // parameters and running statistics
  std::function<Var(const Var& x, Mode mode)> run;  // [N, H, W, 3] -> logits [N, classes]
  Var operator()(const Var& x, Mode mode) const { return run(x, mode); }
};

}  // namespace excite
