#include "tools/graph/recorded_graph.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "autograd/hooks.h"
#include "core/check.h"
#include "core/kernels/elementwise.h"

namespace excite {

namespace {

// "after layer1.0.bn1" -> "layer1.0.bn1"
std::string without_after(const std::string& layer) {
  return layer.starts_with("after ") ? layer.substr(6) : layer;
}

bool is_counted(const Var& x, ParametersAs parameters) {
  return parameters == ParametersAs::counts && !x->name.empty();
}

// The recorded nodes in order, without parameters if these are only counted.
std::vector<Var> drawn_nodes(const Var& y, ParametersAs parameters) {
  std::vector<Var> nodes;
  for (const Var& x : graph(y))
    if (!x->inputs.empty() || !is_counted(x, parameters)) nodes.push_back(x);
  return nodes;
}

std::vector<GraphNode> without_gradients(const std::vector<Var>& nodes) {
  std::vector<GraphNode> all;
  std::unordered_map<const Node*, long> index;
  std::unordered_set<const Node*> counted;
  for (const Var& x : nodes) {
    GraphNode node{.op = x->op,
                   .layer = without_after(layer_of(*x)),
                   .name = x->name,
                   .shape = x.shape(),
                   .macs = x->arithmetic.macs};
    if (x->inputs.empty()) node.op = x.requires_grad() ? "parameter" : "input";
    for (const Var& input : x->inputs) {
      const auto found = index.find(&*input);
      if (found != index.end())
        node.inputs.push_back(found->second);
      else if (input.requires_grad() && counted.insert(&*input).second)
        node.parameters += input->value.size();
    }
    index[&*x] = std::ssize(all);
    all.push_back(std::move(node));
  }
  return all;
}

}  // namespace

std::vector<GraphNode> record_graph(const Var& y, ParametersAs parameters) {
  return without_gradients(drawn_nodes(y, parameters));
}

std::vector<GraphNode> record_with_gradients(const Var& y, ParametersAs parameters) {
  require(y->value.size() == 1, "record_with_gradients: y has shape ", y.shape(),
          ", expected one number");
  std::vector<GraphNode> all;
  std::unordered_map<const Node*, long> index;
  {
    const std::vector<Var> nodes = drawn_nodes(y, parameters);
    all = without_gradients(nodes);
    for (std::size_t i = 0; i < nodes.size(); i++) {
      all[i].value = std::make_shared<const Tensor>(nodes[i]->value.clone());
      index[&*nodes[i]] = static_cast<long>(i);
    }
    const auto keep_gradient = [&](Node& node) {
      const auto found = index.find(&node);
      if (found != index.end() && !node.grad.empty())
        all[static_cast<std::size_t>(found->second)].gradient =
            std::make_shared<const Tensor>(node.grad.clone());
    };
    backward(y, full(y.shape(), 1), {.before = keep_gradient, .after = {}});
    for (const Var& x : nodes)  // leaves have no backward
      if (!x->grad.empty()) keep_gradient(*x);
  }
  return all;
}

std::string module_of(const std::string& layer, long depth) {
  std::size_t end = 0;
  for (long i = 0; i < depth && end != std::string::npos; i++)
    end = layer.find('.', end == 0 ? 0 : end + 1);
  return layer.substr(0, end);
}

std::vector<GraphNode> fold(const std::vector<GraphNode>& graph, long depth) {
  std::vector<GraphNode> folded;
  std::vector<long> to;  // the folded node of each node
  std::map<std::string, long> of_module;
  for (const GraphNode& node : graph) {
    const std::string module = module_of(node.layer, depth);
    const bool stands_alone = module.empty() || node.inputs.empty();
    const auto [found, is_new] = of_module.emplace(module, std::ssize(folded));
    const bool is_first = stands_alone || is_new;
    if (stands_alone && is_new) of_module.erase(found);
    const long at = is_first ? std::ssize(folded) : found->second;
    to.push_back(at);
    if (is_first) {
      folded.push_back(node);
      if (!stands_alone) folded.back().op = "module", folded.back().layer = module;
      folded.back().inputs.clear();
    } else {
      GraphNode& sum = folded[static_cast<std::size_t>(at)];
      sum.shape = node.shape;
      sum.parameters += node.parameters, sum.macs += node.macs, sum.ops += node.ops;
    }
    std::vector<long>& inputs = folded[static_cast<std::size_t>(at)].inputs;
    for (const long input : node.inputs) {
      const long from = to[static_cast<std::size_t>(input)];
      if (from != at && std::find(inputs.begin(), inputs.end(), from) == inputs.end())
        inputs.push_back(from);
    }
  }
  return folded;
}

}  // namespace excite
