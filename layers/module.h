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

// Training or evaluation. train_plain trains without fused operations: it is slower, and the
// reference that train is tested against. Evaluation may use layers whose batch norms were folded
// into their convolutions, see layers/fused/folded.h.
class FoldedLayers;
struct Mode {
  enum class Kind { train, train_plain, evaluate } kind;
  FoldedLayers* folded = nullptr;
  bool training() const { return kind != Kind::evaluate; }
  bool operator==(const Mode&) const = default;
  static const Mode train, train_plain, evaluate;
};
inline constexpr Mode Mode::train{Mode::Kind::train}, Mode::train_plain{Mode::Kind::train_plain},
    Mode::evaluate{Mode::Kind::evaluate};

// Initial values of a layer's bias. `none`: the layer has no bias, as a batch norm follows it.
// `uniform`: fan_in_uniform of layers/init.h.
enum class Bias { none, zero, uniform };

// Runs a layer's computation. An Error that it throws is prefixed with the name of the layer that
// owns `parameter`: "layer1.0.conv2: conv2d: input ...". A layer without parameters passes its
// input; the name is then that of the nearest layer before it.
template <class Body>
auto in_layer(const Var& parameter, const Body& body);

class Module {
 public:
  // weight: of convolutions and linear layers. bias: every other parameter. buffer: running
  // statistics, which have no gradient.
  enum class Kind { weight, bias, buffer };
  struct Entry {
    std::string name;  // as in PyTorch: layer1.0.conv1.weight
    Var var;
    Kind kind;
  };
  // All parameters and buffers, in order of registration: what a file of weights holds.
  const std::vector<Entry>& state() const { return state_; }
  std::vector<Var> parameters() const;  // weights and biases
  long parameter_count() const;         // the total number of their elements

  // Restarts the random streams of all layers. Their numbers then depend only on seed and step.
  void reseed(long seed, long step) const;

 protected:
  Var weight(const std::string& name, Tensor initial);
  Var bias(const std::string& name, Tensor initial);
  Var buffer(const std::string& name, Tensor initial);
  std::shared_ptr<Rng> random();  // a new stream for this layer, restarted by reseed

  // Registers the entries of a child layer under "name.", and returns the layer.
  template <class Layer>
  Layer own(const std::string& name, Layer layer) {
    add_child(name, layer);
    return layer;
  }

 private:
  Var add_entry(const std::string& name, Var var, Kind kind);
  void add_child(const std::string& name, const Module& child);
  std::vector<Entry> state_;
  std::vector<std::shared_ptr<Rng>> random_;
};

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
