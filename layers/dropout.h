// Dropout, in training only. Its masks come from a random stream of its own, which Module::reseed
// sets before each step.
#pragma once
#include "autograd/ops.h"
#include "layers/module.h"

namespace excite {

struct Dropout : Module {
  real p;
  std::shared_ptr<Rng> rng;
  explicit Dropout(real probability) : p(probability), rng(random()) {}
  Var operator()(const Var& x, Mode mode) const {
    return mode.training() ? dropout(x, p, *rng) : x;
  }
};

}  // namespace excite
