// A network of any type behind one interface, as make_model (models/zoo/registry.h) builds it.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "layers/implementation.h"

namespace excite {

// Options of a model by name: {{"reduction", "8"}, {"shortcut", "A"}}.
using Settings = std::map<std::string, std::string>;

// A type-erased network: a handle, whose copies share one network and its parameters.
struct Model {
  std::string name;  // se_resnet20
  Settings options;  // every option of the model, defaults included
  long classes;
  long image_size;                        // side in pixels of the images that the paper trains on
  long min_image_size;                    // smallest side in pixels that the network can process
  std::shared_ptr<const Module> network;  // parameters and running statistics
  std::function<Var(const Var& x, Mode mode)> run;  // [N, H, W, 3] -> logits [N, classes]
  Implementation implementation{};                  // how blocks and convolutions compute

  const Module& module() const { return *network; }  // for its parameters and their names
  Var operator()(const Var& x, Mode mode) const {
    const UseImplementation use(implementation);
    return run(x, mode);
  }
};

}  // namespace excite
