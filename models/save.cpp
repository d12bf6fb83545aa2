#include "models/save.h"

#include <set>

#include "models/interop/weights.h"

namespace excite {

namespace {

// Only weights of convolutions and linear layers have another layout in a file.
std::set<std::string> names_of_others(const Module& module) {
  std::set<std::string> names;
  for (const Module::Entry& e : module.state())
    if (e.kind != Module::Kind::weight) names.insert(e.name);
  return names;
}

}  // namespace

void save(const Module& module, const std::string& path) {
  save_tensors(path, {}, state_of(module), own_dialect(), Counters::left_out,
               names_of_others(module));
}

void load(const Module& module, const std::string& path) {
  const SafetensorsFile file(path);
  format_of(file);  // throws if it is too new
  load_tensors(file, state_of(module), "optimizer.", names_of_others(module));
}

}  // namespace excite
