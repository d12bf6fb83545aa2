// A layer's parameters, buffers and child layers, by name. A layer is a struct derived from Module
// that registers all of these in its member initializers, so the list and the members cannot
// differ. There are no virtual functions: a layer is called as layer(x) or layer(x, mode).
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "autograd/var.h"
#include "core/check.h"
#include "core/random.h"

namespace excite {

// Training or evaluation: batch norm uses the statistics of the batch or the running ones, dropout
// is active or not.
enum class Mode { train, eval };

// Initial values of a layer's bias. `none`: the layer has no bias, as a batch norm follows it.
// `uniform`: fan_in_uniform of layers/init.h.
enum class Bias { none, zero, uniform };

// Runs a layer's computation. An Error that it throws is prefixed with the name of the layer that
// owns `parameter`: "layer1.0.conv2: conv2d: input ...". A layer without parameters passes its
// input; the name is then that of the nearest layer before it.
template <class Body>
auto in_layer(const Var& parameter, const Body& body);

// A module can be moved, but not copied: a copy would share its parameters, or train others than
// those that the optimizer knows. To use a layer in two places, call it twice.
class Module {
 public:
  Module();
  Module(const Module&) = delete;  // move it, std::move(net), or make a second one and load()
  Module(Module&&) = default;
  Module& operator=(Module&&) = default;

  // weight: of convolutions and linear layers; these decay, and have another layout in a file.
  // bias: every other parameter. buffer: running statistics, which have no gradient.
  enum class Kind { weight, bias, buffer };
  struct Entry {
    std::string name;  // as in PyTorch: layer1.0.conv1.weight
    Var var;
    Kind kind;
  };
  // All parameters and buffers, in order of registration: what a file of weights holds. Error if
  // the module was moved from.
  const std::vector<Entry>& state() const;
  std::vector<Var> parameters() const;  // weights and biases
  long parameter_count() const;         // the total number of their elements

  // Restarts the random streams of all layers, a different one for each. Their numbers then depend
  // only on seed and step. A network starts with those of seed 0 and step 0.
  void reseed(long seed, long step) const;

 protected:
  // Registers a parameter or buffer with its initial value, and returns it.
  Var weight(const std::string& name, Tensor initial);
  Var bias(const std::string& name, Tensor initial);
  Var buffer(const std::string& name, Tensor initial);
  // A new stream for this layer, which no other layer has. Restarted by reseed, and by own(): in a
  // network it depends on the network alone, and not on what else the program has made.
  std::shared_ptr<Rng> random();

  // Registers the entries of a child layer under "name.", and returns the layer. A member made
  // without own() is found by the first backward (autograd/parameter_owner.h).
  template <class Layer>
  Layer own(const std::string& name, Layer layer) {
    add_child(name, layer);
    return layer;  // moved
  }

 private:
  Var add_parameter(const std::string& name, Tensor initial, Kind kind);
  Var add_entry(const std::string& name, Var var, Kind kind);
  void add_child(const std::string& name, const Module& child);
  std::vector<Entry> state_;
  std::vector<std::shared_ptr<Rng>> random_;
  std::shared_ptr<ParameterOwner> owner_;  // this module, for its parameters; null: moved from
};

// Throws the error again, with the name of the parameter's layer before its text.
[[noreturn]] void rethrow_with_layer(const Var& parameter, const Error& error);

template <class Body>
auto in_layer(const Var& parameter, const Body& body) {
  try {
    return body();
  } catch (const Error& error) {
    rethrow_with_layer(parameter, error);
  }
}

}  // namespace excite
