#include "tools/training/diagnosis.h"

#include <algorithm>
#include <cmath>

#include "autograd/hooks.h"
#include "core/check.h"

namespace excite {

namespace {

std::string place(const Node& node) {
  if (node.inputs.empty()) return node.name.empty() ? "the input" : node.name;
  const std::string layer = layer_of(node);
  return layer.empty() ? node.op : text(node.op, layer.starts_with("after ") ? " " : " in ", layer);
}

}  // namespace

bool all_finite(const Tensor& x) {
  return std::all_of(x.begin(), x.end(), [](real v) { return std::isfinite(v); });
}

std::string first_not_finite(const Var& loss) {
  for (const Var& y : graph(loss))
    if (!all_finite(y->value)) return text("the value of ", place(*y), " ", y.shape());

  std::string found;
  BackwardHooks visitor;
  visitor.after = [&](Node& node) {
    for (const Var& x : node.inputs)
      if (found.empty() && !all_finite(x->grad))
        found = text("the gradient of ", place(node), " to ", place(*x), " ", x.shape());
  };
  backward(loss, full(loss.shape(), 1), visitor);
  return found;
}

}  // namespace excite
