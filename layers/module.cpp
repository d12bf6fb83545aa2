#include "layers/module.h"

#include <typeinfo>

#include "autograd/hooks.h"
#include "core/check.h"

namespace excite {

void rethrow_in_layer(const Var& of, const Error& error) {
  const std::string layer = layer_of(of);
  if (layer.empty() || typeid(error) != typeid(Error) ||
      std::string(error.what()).starts_with(layer))
    throw;
  throw Error(layer + ": " + error.what());
}

std::vector<Var> Module::parameters() const {
  std::vector<Var> learned;
  for (const Entry& entry : state_)
    if (entry.kind != Kind::buffer) learned.push_back(entry.var);
  return learned;
}

long Module::parameter_count() const {
  long count = 0;
  for (const Var& p : parameters()) count += p->value.size();
  return count;
}

void Module::reseed(long seed, long step) const {
  constexpr long layers = 0;  // no other stream has a fourth name of 0
  for (std::size_t i = 0; i < random_.size(); i++) *random_[i] = Rng(seed, step, i, layers);
}

Var Module::weight(const std::string& name, Tensor initial) {
  return enter(name, parameter(std::move(initial)), Kind::weight);
}
Var Module::bias(const std::string& name, Tensor initial) {
  return enter(name, parameter(std::move(initial)), Kind::bias);
}
Var Module::buffer(const std::string& name, Tensor initial) {
  return enter(name, Var(std::move(initial)), Kind::buffer);
}

std::shared_ptr<Rng> Module::random() {
  return random_.emplace_back(std::make_shared<Rng>(random_.size()));
}

Var Module::enter(const std::string& name, Var var, Kind kind) {
  for (const Entry& entry : state_)
    require(entry.name != name, "module: two parameters or buffers are named ", name);
  var->name = name;  // a parent that adopts this module puts its own name before it
  state_.push_back({name, var, kind});
  return var;
}

void Module::adopt(const std::string& name, const Module& child) {
  for (const Entry& entry : child.state_) enter(name + "." + entry.name, entry.var, entry.kind);
  random_.insert(random_.end(), child.random_.begin(), child.random_.end());
}

}  // namespace excite
