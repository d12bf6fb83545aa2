#include "autograd/parameter_owner.h"

#include <algorithm>
#include <string>

#include "core/check.h"
#include "core/text.h"

namespace excite {

namespace {

bool is_listed(const ParameterOwner* owner) {
  for (; owner; owner = owner->parent.get())
    if (owner->listed) return true;
  return false;
}

// The module that contains all others: the network.
const ParameterOwner* root_of(const ParameterOwner* owner) {
  while (owner->parent) owner = owner->parent.get();
  return owner;
}

// The operation that reads x first: "matmul".
std::string reader_of(const Var& x, const std::vector<Var>& graph) {
  for (const Var& y : graph)
    if (std::find(y->inputs.begin(), y->inputs.end(), x) != y->inputs.end()) return y->op;
  return "no operation";
}

// "scale [4, 1] (an input of mul)"; most loose parameters have no name.
std::string describe_loose(const Var& x, const std::vector<Var>& graph) {
  return text(x->name.empty() ? "parameter" : x->name, " ", x.shape(), " (an input of ",
              reader_of(x, graph), ")");
}

}  // namespace

void mark_as_listed(const Var& parameter) {
  if (parameter->owner) parameter->owner->listed = true;
}

void require_owned_parameters(const std::vector<Var>& graph) {
  std::vector<Var> unlisted;
  std::vector<const ParameterOwner*> listed_roots;  // of modules
  long count = 0;
  for (const Var& x : graph) {
    if (!x->owner || !x.requires_grad()) continue;
    count++;
    if (!is_listed(x->owner.get()))
      unlisted.push_back(x);
    else if (x->owner->is_module)
      listed_roots.push_back(root_of(x->owner.get()));
  }
  if (listed_roots.empty()) return;
  std::vector<std::string> of_layers, loose;
  std::reverse(unlisted.begin(), unlisted.end());  // in the order in which the network uses them
  for (const Var& x : unlisted)
    if (!x->owner->is_module)
      loose.push_back(describe_loose(x, graph));
    else if (std::find(listed_roots.begin(), listed_roots.end(), root_of(x->owner.get())) ==
             listed_roots.end())
      of_layers.push_back(text(x->name, " ", x.shape()));
  require(of_layers.empty(), "backward: no module owns the layer of ", join_some(of_layers), " (",
          of_layers.size(), " of ", count,
          " parameters), so it would not be trained; register the layer in the member initializer "
          "of its module, fc(own(\"fc\", Linear(...))), or give its parameters to an optimizer "
          "too, or run it under NoGrad");
  require(loose.empty(), "backward: no module and no optimizer has ", join_some(loose), ", ",
          loose.size(), " of ", count,
          " parameters, so it would not be trained; register it in the member initializer of its "
          "module, scale(weight(\"scale\", tensor)), or give it to an optimizer; if only its "
          "gradient is wanted, make a Var of the tensor and set its requires_grad");
}

}  // namespace excite
