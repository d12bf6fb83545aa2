// Hooks: callbacks for each operation as it runs, and for each node during backward. Profiles, cost
// tables and diagnostics use them. The engine can be understood without them.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "autograd/var.h"

namespace excite {

// While one exists, it is called for every operation on this thread, recorded or not, right after
// its value was computed. Hooks nest: only the innermost one is called. An empty hook disables the
// outer one.
class OpHook {
 public:
  using Callback = std::function<void(const Node& y, const std::vector<Var>& inputs)>;
  explicit OpHook(Callback callback);
  ~OpHook();
  OpHook(const OpHook&) = delete;
  OpHook& operator=(const OpHook&) = delete;

 private:
  friend void call_op_hook(const Node& y, const std::vector<Var>& inputs);
  const Callback callback_;
  const OpHook* outer_;
};

// Calls the innermost hook; `result` does so for each operation.
void call_op_hook(const Node& y, const std::vector<Var>& inputs);

// Called for each node right before and right after its backward.
struct BackwardHooks {
  std::function<void(Node&)> before, after;
};
// The backward of var.h, with hooks.
void backward(const Var& y, Tensor cotangent, const BackwardHooks& hooks);

// The layer that a node belongs to, for messages: that of the first named input, "layer1.0.conv1".
// An operation without parameters is named after the layer before it: "after layer1.0.bn1". Without
// a named parameter among its predecessors the result is "".
std::string layer_of(const Node& node);

// The layer that a parameter belongs to. For any other Var: "after " and the layer before it.
std::string layer_of(const Var& x);

}  // namespace excite
