// Hooks: see each operation as it runs, and each node as backward reaches it. Profiles, cost tables
// and diagnoses use them; a reader of the engine can leave them out.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "autograd/var.h"

namespace excite {

// While one exists, it is called for every operation on this thread, recorded or not, right after
// its value was computed. Hooks nest: the inner one is called. An empty hook disables the outer
// one.
class OpHook {
 public:
  using Callback = std::function<void(const Node& y, const std::vector<Var>& inputs)>;
  explicit OpHook(Callback callback);
  ~OpHook();
  OpHook(const OpHook&) = delete;
  OpHook& operator=(const OpHook&) = delete;

 private:
  Callback outer_;
};

// What `result` calls.
void call_op_hook(const Node& y, const std::vector<Var>& inputs);

// Called with each node right before its backward, and right after it.
struct BackwardHooks {
  std::function<void(Node&)> before, after;
};
void backward(const Var& y, Tensor cotangent, const BackwardHooks& hooks);

// The layer of a node, by the name of the nearest parameter it was computed from: "layer1.0.conv1".
// An operation without parameters is "after layer1.0.bn1"; without any nearby it is "".
std::string layer_of(const Node& node);

// The same of a Var as an input: a parameter's own layer, or for a result "after layer1.0.bn1".
std::string layer_of(const Var& x);

}  // namespace excite
