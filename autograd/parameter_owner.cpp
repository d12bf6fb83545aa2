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

}  // namespace

void mark_as_listed(const Var& parameter) {
  if (parameter->owner) parameter->owner->listed = true;
}

void require_owned_parameters(const std::vector<Var>& graph) {
  std::vector<Var> unlisted;
  std::vector<const ParameterOwner*> listed_roots;
  for (const Var& x : graph) {
    if (!x->owner || !x.requires_grad()) continue;
    if (is_listed(x->owner.get()))
      listed_roots.push_back(root_of(x->owner.get()));
    else
      unlisted.push_back(x);
  }
  if (listed_roots.empty()) return;
  std::vector<std::string> forgotten;
  std::reverse(unlisted.begin(), unlisted.end());  // in the order in which the network uses them
  for (const Var& x : unlisted)
    if (std::find(listed_roots.begin(), listed_roots.end(), root_of(x->owner.get())) ==
        listed_roots.end())
      forgotten.push_back(text(x->name, " ", x.shape()));
  require(forgotten.empty(), "backward: no module owns the layer of ", join_some(forgotten), " (",
          forgotten.size(), " of ", listed_roots.size() + unlisted.size(),
          " parameters), so it would not be trained; register the layer in the member initializer "
          "of its module, fc(own(\"fc\", Linear(...))), or give its parameters to an optimizer "
          "too, or run it under NoGrad");
}

}  // namespace excite
