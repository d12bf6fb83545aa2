#include "layers/module.h"

#include <algorithm>
#include <atomic>
#include <typeinfo>

#include "autograd/hooks.h"
#include "autograd/parameter_owner.h"
#include "core/check.h"

namespace excite {

namespace {
struct LayerError : Error {
  using Error::Error;
};
}  // namespace

// Errors of other types are left alone: a LayerError has the name of the innermost layer already,
// and the types of check.h select the program's exit code.
void rethrow_with_layer(const Var& parameter, const Error& error) {
  const std::string layer = layer_of(parameter);
  if (layer.empty() || typeid(error) != typeid(Error)) throw;
  throw LayerError(layer + ": " + error.what());
}

Module::Module() : owner_(std::make_shared<ParameterOwner>()) { owner_->is_module = true; }

const std::vector<Module::Entry>& Module::state() const {
  require(owner_ != nullptr, "module: it was moved from; use the module that it was moved to");
  owner_->listed = true;
  return state_;
}

std::vector<Var> Module::parameters() const {
  std::vector<Var> all;
  for (const Entry& entry : state())
    if (entry.kind != Kind::buffer) all.push_back(entry.var);
  return all;
}

long Module::parameter_count() const {
  long count = 0;
  for (const Entry& entry : state_)
    if (entry.kind != Kind::buffer) count += entry.var->value.size();
  return count;
}

namespace {
// The fourth key: no other stream has 0 there.
Rng layer_stream(long seed, long step, std::size_t layer) { return Rng(seed, step, layer, 0); }
}  // namespace

void Module::reseed(long seed, long step) const {
  for (std::size_t i = 0; i < random_.size(); i++) *random_[i] = layer_stream(seed, step, i);
}

Var Module::weight(const std::string& name, Tensor initial) {
  return add_parameter(name, std::move(initial), Kind::weight);
}
Var Module::bias(const std::string& name, Tensor initial) {
  return add_parameter(name, std::move(initial), Kind::bias);
}
Var Module::buffer(const std::string& name, Tensor initial) {
  return add_entry(name, Var(std::move(initial)), Kind::buffer);
}

std::shared_ptr<Rng> Module::random() {
  static std::atomic<long> made = 0;
  return random_.emplace_back(std::make_shared<Rng>(++made));
}

Var Module::add_parameter(const std::string& name, Tensor initial, Kind kind) {
  const Var var = parameter(std::move(initial));
  var->owner = owner_;
  return add_entry(name, var, kind);
}

namespace {
void require_new_name(const std::vector<Module::Entry>& state, const std::string& name) {
  for (const Module::Entry& entry : state)
    require(entry.name != name, "module: two parameters or buffers are named ", name,
            ", expected different names");
}
}  // namespace

Var Module::add_entry(const std::string& name, Var var, Kind kind) {
  require_new_name(state_, name);
  var->name = name;  // a parent module calls this again, with its own name in front
  state_.push_back({name, var, kind});
  return var;
}

void Module::add_child(const std::string& name, const Module& child) {
  require(child.owner_ != nullptr, "module: own(\"", name,
          "\", ...) got a layer that was moved from, expected a layer with its parameters");
  child.owner_->parent = owner_;
  // The child's names differ from each other, so with a new prefix they differ from all.
  const std::string prefix = name + ".";
  if (std::any_of(state_.begin(), state_.end(),
                  [&](const Entry& entry) { return entry.name.starts_with(prefix); }))
    for (const Entry& entry : child.state_) require_new_name(state_, prefix + entry.name);
  for (const Entry& entry : child.state_) {
    entry.var->name = prefix + entry.name;
    state_.push_back({entry.var->name, entry.var, entry.kind});
  }
  for (const std::shared_ptr<Rng>& stream : child.random_) {
    *stream = layer_stream(0, 0, random_.size());
    random_.push_back(stream);
  }
}

}  // namespace excite
