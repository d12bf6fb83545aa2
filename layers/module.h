// What a layer owns, by name. A layer is a struct derived from Module that registers its
// parameters, buffers and child layers in its member initializers, so that the list and the members
// cannot drift apart. No virtual functions: a layer is called as layer(x) or layer(x, mode).
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "autograd/var.h"
#include "core/check.h"
#include "core/random.h"

namespace excite {

// Training or evaluation, for every layer that cares. train_plain is train by simple operations
// alone, none that does the work of several: slower, and what train is held to. Evaluation may
// bring layers that were folded once and for all; see layers/fused/folded.h.
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

[[noreturn]] void rethrow_in_layer(const Var& of, const Error& error);

// A layer's bias at the start. Layers without one suit what is normalized right after.
enum class Bias { none, zero, drawn };

// Runs a layer's computation. An Error from it begins with the name of the layer that owns `of`:
// "layer1.0.conv2: conv2d: input ...". Of data without a name, nothing is added.
template <class Body>
auto in_layer(const Var& of, const Body& body) {
  try {
    return body();
  } catch (const Error& error) {
    rethrow_in_layer(of, error);
  }
}

class Module {
 public:
  enum class Kind {
    weight,
    bias,
    buffer
  };  // weight: convolutions and linear layers; bias: everything else that learns; buffer: running
      // statistics
  struct Entry {
    std::string name;  // as PyTorch's: layer1.0.conv1.weight
    Var var;
    Kind kind;
  };
  const std::vector<Entry>& state() const {
    return state_;
  }                                     // all that a checkpoint holds, in the order of registration
  std::vector<Var> parameters() const;  // what learns
  long parameter_count() const;         // numbers in them

  void reseed(long seed,
              long step) const;  // random streams of the layers anew, told by seed and step alone

 protected:
  Var weight(const std::string& name, Tensor initial);
  Var bias(const std::string& name, Tensor initial);
  Var buffer(const std::string& name, Tensor initial);
  std::shared_ptr<Rng> random();  // a stream of the layer's own, see reseed

  template <class Layer>
  Layer own(const std::string& name, Layer layer) {
    adopt(name, layer);
    return layer;
  }

 private:
  Var enter(const std::string& name, Var var, Kind kind);
  void adopt(const std::string& name, const Module& child);
  std::vector<Entry> state_;
  std::vector<std::shared_ptr<Rng>> random_;
};

}  // namespace excite
