#include "autograd/hooks.h"

#include <algorithm>
#include <utility>

namespace excite {

namespace {
// A pointer, because the C library ends the program if it has no memory to note the destructor of a
// thread_local object.
thread_local const OpHook* innermost = nullptr;
}  // namespace

OpHook::OpHook(Callback callback)
    : callback_(std::move(callback)), outer_(std::exchange(innermost, this)) {}
OpHook::~OpHook() { innermost = outer_; }

void call_op_hook(const Node& y, const std::vector<Var>& inputs) {
  if (innermost && innermost->callback_) innermost->callback_(y, inputs);
}

namespace {
// "layer1.0.conv1.weight" -> "layer1.0.conv1"
std::string parent(const std::string& name) {
  return name.substr(0, std::min(name.rfind('.'), name.size()));
}
}  // namespace

std::string layer_of(const Node& node) {
  for (const Var& x : node.inputs)
    if (!x->name.empty()) return parent(x->name);
  const Node* predecessor = &node;
  while (!predecessor->inputs.empty()) {
    predecessor = &*predecessor->inputs.front();
    for (const Var& x : predecessor->inputs)
      if (!x->name.empty()) return "after " + parent(x->name);
  }
  return "";
}

std::string layer_of(const Var& x) {
  if (!x->name.empty()) return parent(x->name);
  const std::string layer = layer_of(*x);
  return layer.empty() || layer.starts_with("after ") ? layer : "after " + layer;
}

}  // namespace excite
