// Dropout, in training only. The masks are drawn from the layer's own random stream, which each
// training step restarts by Module::reseed.
#pragma once
#include "autograd/ops.h"
#include "layers/module.h"

namespace excite {

struct Dropout : Module {
  real p;  // probability that an element becomes 0
  std::shared_ptr<Rng> rng;
  explicit Dropout(real probability) : p(probability), rng(random()) {}
  Var operator()(const Var& x, Mode mode) const {
    return mode == Mode::train ? dropout(x, p, *rng) : x;
  }
};

}  // namespace excite
