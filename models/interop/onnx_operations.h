// The operations of autograd as ONNX nodes.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "autograd/var.h"
#include "core/check.h"
#include "models/interop/onnx_file.h"

namespace excite {

// The graph so far, and what is needed to add the next operation to it.
struct OnnxExport {
  OnnxGraph graph;
  std::map<const Node*, std::string> values{};  // the name of each value in `graph`
  std::map<const Node*, long> uses{};           // how many operations read it
  std::string layer{};                          // of the operation that is being added
  bool fold_batch_norm = false;                 // into the convolution before it
  std::map<std::string, long> names{};          // how often each name was wanted

  // The name, or where it is taken, the name with a number: name_2.
  std::string unique(const std::string& name) {
    const long n = ++names[name];
    return n == 1 ? name : text(name, "_", n);
  }
  // Adds a node, and returns the name of its output.
  std::string add(const std::string& op, const std::vector<std::string>& inputs,
                  const OnnxAttributes& attributes = {}) {
    graph.nodes.push_back({op, unique(layer + "/" + op), inputs, attributes});
    return graph.nodes.back().name;
  }
  std::string constant(const std::vector<std::int64_t>& numbers) {
    const std::string name = unique(layer + "/integers");
    graph.tensors[name] = {{std::ssize(numbers)}, numbers};
    return name;
  }
  std::string constant(const std::vector<std::int64_t>& dims, const std::vector<float>& numbers,
                       const std::string& name) {
    graph.tensors[name] = {dims, numbers};
    return name;
  }
  std::string number(double x) {
    return constant({}, {static_cast<float>(x)}, unique(layer + "/number"));
  }
};

// Adds the nodes of a recorded operation, and returns the name of its value. Error if the operation
// has no counterpart in ONNX.
std::string add_operation(OnnxExport& to, const Node& y);

}  // namespace excite
