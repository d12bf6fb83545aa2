#include "models/cost.h"

#include <string_view>
#include <unordered_set>

namespace excite {

// Each number of a convolution's output is a sum over R S C/groups products; w has that many for each of its K output channels.
// Each number of a product [M, K] [K, N] is a sum of K.
long macs(const Node& y, const std::vector<Var>& inputs) {
  const std::string_view op = y.op;
  if (op == "conv2d" || op == "batch_norm_relu_conv2d") return y.value.size() * inputs[1].shape().rows();
  if (op == "matmul") return y.value.size() * inputs[1].shape()[0];
  return 0;
}

Cost cost_of(const Var& y) {
  Cost total;
  std::unordered_set<const Node*> counted;
  for (const Var& node : graph(y)) {
    if (node->inputs.empty()) continue;
    OpCost cost{layer_of(*node), node->op, node.shape(), 0, macs(*node, node->inputs), node->value.size() * static_cast<long>(sizeof(real))};
    for (const Var& x : node->inputs)
      if (x->inputs.empty() && x.needs_grad() && counted.insert(&*x).second) cost.parameters += x->value.size();
    total.parameters += cost.parameters;
    total.macs += cost.macs;
    total.bytes += cost.bytes;
    total.ops.push_back(cost);
  }
  return total;
}

}  // namespace excite
