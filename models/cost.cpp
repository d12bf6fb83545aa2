#include "models/cost.h"

#include "autograd/hooks.h"

#include <unordered_set>

namespace excite {

Cost cost_of(const Var& y) {
  Cost total;
  std::unordered_set<const Node*> counted;
  for (const Var& node : graph(y)) {
    if (node->inputs.empty()) continue;
    OpCost cost{layer_of(*node),       node->op,
                node.shape(),          0,
                node->arithmetic.macs, node->value.size() * static_cast<long>(sizeof(real))};
    for (const Var& x : node->inputs)
      if (x->inputs.empty() && x.requires_grad() && counted.insert(&*x).second)
        cost.parameters += x->value.size();
    total.parameters += cost.parameters;
    total.macs += cost.macs;
    total.bytes += cost.bytes;
    total.ops.push_back(cost);
  }
  return total;
}

}  // namespace excite
