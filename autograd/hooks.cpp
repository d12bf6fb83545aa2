#include "autograd/hooks.h"

#include <algorithm>
#include <utility>

namespace excite {

namespace {
thread_local OpHook::Callback innermost;
}  // namespace

OpHook::OpHook(Callback callback) : outer_(std::exchange(innermost, std::move(callback))) {}
OpHook::~OpHook() { innermost = std::move(outer_); }

void call_op_hook(const Node& y, const std::vector<Var>& inputs) {
  if (innermost) innermost(y, inputs);
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
