#include "tools/training/diagnosis.h"

#include "autograd/hooks.h"
#include "core/check.h"
#include "core/kernels/elementwise.h"

namespace excite {

namespace {

// "batch_norm in layer1.0.bn1", "relu after layer1.0.bn1"; a leaf by its name.
std::string location(const Node& node) {
  if (node.inputs.empty()) return node.name.empty() ? "the input" : node.name;
  const std::string layer = layer_of(node);
  return layer.empty() ? node.op : text(node.op, layer.starts_with("after ") ? " " : " in ", layer);
}

}  // namespace

std::string find_non_finite_value(const Var& y) {
  for (const Var& x : graph(y))
    if (!all_finite(x->value)) return text("the value of ", location(*x), " ", x.shape());
  return "";
}

std::string find_non_finite(const Var& loss) {
  std::string found = find_non_finite_value(loss);
  if (!found.empty()) return found;
  BackwardHooks hooks;
  hooks.after = [&](Node& node) {
    for (const Var& x : node.inputs)
      if (found.empty() && !all_finite(x->grad))
        found = text("the gradient of ", location(node), " with respect to ", location(*x), " ",
                     x.shape());
  };
  backward(loss, full(loss.shape(), 1), hooks);
  return found;
}

}  // namespace excite
