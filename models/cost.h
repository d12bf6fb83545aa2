// What a network costs, operation by operation, counted from the graph of one forward pass.
#pragma once
#include <string>
#include <vector>

#include "autograd/var.h"

namespace excite {

struct OpCost {
  std::string layer;  // "layer1.0.conv1", or "after layer1.0.bn1"; see layer_of in autograd/hooks.h
  std::string op;
  Shape output{};
  long parameters = 0;  // those that no earlier operation used
  long macs = 0;   // multiply-adds of convolutions and matrix products; other operations count as 0
  long bytes = 0;  // of the output
};

struct Cost {
  std::vector<OpCost> ops;                   // in the order in which they ran
  long parameters = 0, macs = 0, bytes = 0;  // sums over all ops
};

// The cost of everything that y was computed from, for the whole batch. The pass that computed y
// has to record its graph (no NoGrad).
Cost cost_of(const Var& y);

}  // namespace excite
