#include "models/interop/outline.h"

#include "core/check.h"
#include "core/text.h"

namespace excite {

namespace {

std::string listed(const std::string& what, const std::vector<std::string>& names) {
  return names.empty() ? "" : text("; ", what, ": ", join(names, ", "));
}

std::vector<long> as_matrix(const std::vector<long>& dims) {
  const bool one_tap = dims.size() == 4 && dims[2] == 1 && dims[3] == 1;
  return one_tap ? std::vector<long>{dims[0], dims[1]} : dims;
}

}  // namespace

std::vector<long> dims_in_file(const Shape& shape) {
  if (shape.rank() == 4) return {shape[3], shape[2], shape[0], shape[1]};
  if (shape.rank() == 2) return {shape[1], shape[0]};
  return shape.dims();
}

NamedTensors state_of(const Module& module) {
  NamedTensors tensors;
  for (const Module::Entry& e : module.state()) tensors.emplace_back(e.name, &e.var->value);
  return tensors;
}

Outline outline_of(const NamedTensors& tensors) {
  Outline outline;
  for (const auto& [name, tensor] : tensors) outline[name] = dims_in_file(tensor->shape());
  return outline;
}

std::string classifier_of(const Module& module) {
  std::string last;
  for (const Module::Entry& e : module.state())
    if (e.kind == Module::Kind::weight) last = e.name;
  return last.substr(0, last.rfind('.'));
}

NamesInFile names_in(const std::vector<std::string>& names, const std::string& path) {
  const std::string parallel = "module.";  // what PyTorch's DataParallel puts before all names
  std::vector<std::string> bare;
  for (const std::string& name : names)
    bare.push_back(name.starts_with(parallel) ? name.substr(parallel.size()) : name);
  NamesInFile found{&dialect_of(bare), {}};
  for (std::size_t i = 0; i < names.size(); i++) {
    if (is_counter(bare[i])) continue;
    if (is_auxiliary(bare[i])) {
      found.left_out++;
      continue;
    }
    const auto [entry, is_new] = found.in_file.emplace(found.dialect->ours(bare[i]), names[i]);
    require<FileError>(is_new, path, ": its tensors ", in_quotes(entry->second), " and ",
                       in_quotes(names[i]), " are both ", in_quotes(entry->first));
  }
  return found;
}

Outline outline_of(const SafetensorsFile& file, const NamesInFile& names) {
  Outline outline;
  for (const auto& [ours, theirs] : names.in_file) outline[ours] = file.entry(theirs).dims;
  return outline;
}

Differences differences(const Outline& there, const Outline& expected, const Dialect& words) {
  Differences d;
  for (const auto& [name, dims] : expected) {
    const auto found = there.find(name);
    if (found == there.end())
      d.missing.push_back(words.theirs(name));
    else if (as_matrix(found->second) != as_matrix(dims))
      d.other_shape.push_back(text(words.theirs(name), " ", in_brackets(found->second),
                                   " instead of ", in_brackets(dims)));
  }
  for (const auto& [name, unused] : there)
    if (!expected.contains(name)) d.too_many.push_back(words.theirs(name));
  return d;
}

std::string Differences::listed() const {
  return excite::listed("missing", missing) + excite::listed("too many", too_many) +
         excite::listed("of another shape", other_shape);
}

}  // namespace excite
