// Finds parameters that were made and forgotten: those that are in no module, or whose layer is in
// none, so that no optimizer gets them and no file holds them. The engine can be understood without
// this file.
#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "autograd/var.h"

namespace excite {

// A module (layers/module.h), as far as the engine knows one. Each of its parameters refers to it.
// A parameter without a module has one for itself.
struct ParameterOwner {
  bool is_module = false;
  std::shared_ptr<ParameterOwner> parent;  // the module that registered this one; null: none
  // Somebody has asked for its list of parameters: to train, save, load or freeze them.
  std::atomic<bool> listed = false;
};

// An optimizer does this for each parameter that it gets.
void mark_as_listed(const Var& parameter);

// Error if some parameters of the graph are in the list of a module that somebody asked for, and
// others are in no list, but would need it: no module above them is listed or contains a listed
// one, or they are in no module. Always allowed are a graph in which no module is listed, as one of
// loose parameters alone, and a Var that is no parameter, such as an image whose gradient is
// wanted: requires_grad was set in it.
void require_owned_parameters(const std::vector<Var>& graph);

}  // namespace excite
