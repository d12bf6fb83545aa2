// The parameters of a module for an optimizer:
//   Sgd sgd(parameters(net), {.weight_decay = 5e-4});
#pragma once
#include <vector>

#include "autograd/optimizer.h"
#include "layers/module.h"

namespace excite {

// Which parameters the weight decay applies to: to the weights of convolutions and linear layers,
// or also to biases, and to gamma and beta of batch norm.
enum class WeightDecay { weights, all };

// All weights and biases, in order of registration, named by their full path. Buffers are left out:
// they have no gradient.
inline std::vector<Parameter> parameters(const Module& module,
                                         WeightDecay decay = WeightDecay::weights) {
  std::vector<Parameter> all;
  for (const Module::Entry& e : module.state())
    if (e.kind != Module::Kind::buffer)
      all.push_back({e.name, e.var, decay == WeightDecay::all || e.kind == Module::Kind::weight});
  return all;
}

}  // namespace excite
