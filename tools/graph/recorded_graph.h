// The graph of a computation as a list that can be drawn: which operation reads which results, in
// which layer, at what cost, and after backward also the gradients.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "autograd/var.h"

namespace excite {

struct GraphNode {
  std::string op{};     // "conv2d", or "input", "parameter", or in a folded graph "module"
  std::string layer{};  // "layer1.0.conv1": the layer, or the one before an op without parameters
  std::string name{};   // of an input or a parameter
  Shape shape{};        // of the result
  long parameters = 0;  // numbers in the parameters that no earlier operation used
  long macs = 0;        // multiply-adds
  long ops = 1;         // operations; more than one in a folded node
  std::vector<long> inputs{};                         // indices of earlier nodes
  std::shared_ptr<const Tensor> value{}, gradient{};  // copies; null where there is none
};

// Whether parameters are nodes of their own, as in the figure of a neuron, or are only counted.
enum class ParametersAs { nodes, counts };

// All nodes on which y depends, inputs first. Call it before backward, which frees the graph.
std::vector<GraphNode> record_graph(const Var& y, ParametersAs parameters);

// The same with values, and with the gradients of y with respect to all of them: runs backward with
// cotangent 1. Error unless y is one number.
std::vector<GraphNode> record_with_gradients(const Var& y, ParametersAs parameters);

// Operations of the same module become one node. The module of "layer1.0.conv1" is "layer1" at
// depth 1 and "layer1.0" at depth 2. A node keeps the shape of its last operation.
std::vector<GraphNode> fold(const std::vector<GraphNode>& graph, long depth);

// The first `depth` names of a layer's path.
std::string module_of(const std::string& layer, long depth);

}  // namespace excite
