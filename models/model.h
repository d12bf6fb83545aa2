// A network of any type behind one interface: one of the list, as make_model
// (models/zoo/registry.h) builds it, or one of your own.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "core/check.h"
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

// What a Model knows of its network.
struct ModelInfo {
  std::string name;  // for files and messages
  long classes;
  long image_size;          // side in pixels of the images that it is made for
  long min_image_size = 1;  // smallest side in pixels that it can process
  Settings options{};
};

// A network of your own as a Model, which everything takes that is made for models: TrainingStep,
// Training, Inference, Ensemble, Classifier, and save_model:
//   const Model model = as_model(Net(10, rng), {.name = "net", .classes = 10, .image_size = 32});
// The network is a module, called as net(x, mode), or as net(x) if it computes the same in training
// and in evaluation: x [N, H, W, 3] -> logits [N, classes], which is checked. The model owns the
// network; a network that has a name is moved into it, std::move(net), with the same parameters.
template <class Network>
Model as_model(Network& network, const ModelInfo& info) = delete;  // call it with std::move(net)
template <class Network>
Model as_model(Network&& network, const ModelInfo& info) {
  static_assert(std::is_base_of_v<Module, Network>, "as_model: the network is not a Module");
  constexpr bool has_mode = std::is_invocable_r_v<Var, const Network&, const Var&, Mode>;
  static_assert(has_mode || std::is_invocable_r_v<Var, const Network&, const Var&>,
                "as_model: the network needs Var operator()(const Var& x, Mode mode) const");
  const auto shared = std::make_shared<const Network>(std::move(network));
  const auto run = [shared, name = info.name, classes = info.classes](const Var& x, Mode mode) {
    Var y;
    if constexpr (has_mode)
      y = (*shared)(x, mode);
    else
      y = (*shared)(x);
    const Shape expected{x.shape()[0], classes};
    require(y.shape() == expected, name, ": the output has shape ", y.shape(), ", expected ",
            expected, ": a logit for each image and class");
    return y;
  };
  return {info.name, info.options, info.classes, info.image_size, info.min_image_size, shared, run};
}

}  // namespace excite
