// What the optimizers share.
#pragma once
#include <string>
#include <vector>

#include "autograd/optimizer.h"

namespace excite {

std::vector<Tensor> zeros_like(const std::vector<Parameter>& parameters);

// At construction. Returns the parameters, whose owners will then not be reported as forgotten.
// Error if there are none, or one twice.
std::vector<Parameter> checked(std::vector<Parameter> parameters);

// Before anything is changed: Error unless the rate is finite and each parameter has a gradient, in
// the shape that it had at construction.
void require_step(double lr, const std::vector<Parameter>& parameters,
                  const std::vector<Tensor>& state);

Tensor take_gradient(const Parameter& p);

// Adds the tensors, one per parameter, under optimizer.KIND.NAME.
void add_state(NamedTensors& state, const std::string& kind,
               const std::vector<Parameter>& parameters, std::vector<Tensor>& tensors);

}  // namespace excite
