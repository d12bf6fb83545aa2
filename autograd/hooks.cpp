#include "autograd/hooks.h"

#include <algorithm>
#include <utility>

namespace excite {

namespace {
thread_local OpHook::Callback current;
}  // namespace

OpHook::OpHook(Callback callback) : outer_(std::exchange(current, std::move(callback))) {}
OpHook::~OpHook() { current = std::move(outer_); }

void call_op_hook(const Node& y, const std::vector<Var>& inputs) {
  if (current) current(y, inputs);
}

namespace {
std::string parent(const std::string& name) {
  return name.substr(0, std::min(name.rfind('.'), name.size()));
}
}  // namespace

std::string layer_of(const Node& node) {
  for (const Var& x : node.inputs)
    if (!x->name.empty()) return parent(x->name);
  const Node* at = &node;
  while (!at->inputs.empty()) {
    at = &*at->inputs.front();
    for (const Var& x : at->inputs)
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
