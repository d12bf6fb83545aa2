// What a network costs, layer by layer, counted from the graph that one forward pass recorded: what
// is reported is what was run.
#pragma once
#include <string>
#include <vector>

#include "autograd/var.h"

namespace excite {

struct OpCost {
  std::string
      layer;  // "layer1.0.conv1", or of an op without parameters "after layer1.0.bn1"; see layer_of
  std::string op;
  Shape output{};
  long parameters = 0;  // that this op is the first to use
  long macs = 0;  // multiply-adds, of convolutions and matrix products; all else is counted as free
  long bytes = 0;  // of its output
};

struct Cost {
  std::vector<OpCost> ops;  // in the order they ran
  long parameters = 0, macs = 0, bytes = 0;
};

Cost cost_of(const Var& y);  // of all that y was computed from, for as many images as there were

}  // namespace excite
