// Finds parameters that were made and forgotten: those of a layer that is in no module, so that no
// optimizer gets them and no file holds them. The engine can be understood without this file.
#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "autograd/var.h"

namespace excite {

// A module (layers/module.h), as far as the engine knows one. Each of its parameters refers to it.
struct ParameterOwner {
  std::shared_ptr<ParameterOwner> parent;  // the module that registered this one; null: none
  // Somebody has asked for its list of parameters: to train, save, load or freeze them.
  std::atomic<bool> listed = false;
};

// An optimizer does this for each parameter that it gets.
void mark_as_listed(const Var& parameter);

// Error if some parameters of the graph are in a list that somebody asked for, and others are not,
// but would need it: no module above them is listed or contains a listed one. Parameters without an
// owner are always allowed, and so is a graph in which no parameter is listed.
void require_owned_parameters(const std::vector<Var>& graph);

}  // namespace excite
