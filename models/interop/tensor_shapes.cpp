#include "models/interop/tensor_shapes.h"

#include <algorithm>

#include "core/check.h"
#include "core/text.h"

namespace excite {

namespace {

// Weights come first: they say most about which layers a model has.
std::string listed(const std::string& title, std::vector<std::string> tensors) {
  const auto is_weight = [](const std::string& tensor) {
    return tensor.substr(0, tensor.find(' ')).ends_with(".weight");
  };
  std::stable_partition(tensors.begin(), tensors.end(), is_weight);
  return tensors.empty() ? "" : text("; ", title, ": ", join_some(tensors));
}

}  // namespace

std::vector<long> as_matrix(const std::vector<long>& dims) {
  const bool is_1x1 = dims.size() == 4 && dims[2] == 1 && dims[3] == 1;
  return is_1x1 ? std::vector<long>{dims[0], dims[1]} : dims;
}

std::vector<long> dims_in_file(const Shape& shape) {
  if (shape.rank() == 4) return {shape[3], shape[2], shape[0], shape[1]};
  if (shape.rank() == 2) return {shape[1], shape[0]};
  return shape.dims();
}

NamedTensors state_of(const Module& module) {
  NamedTensors tensors;
  for (const Module::Entry& e : module.state()) tensors.emplace_back(e.name, &e.var->value);
  require(!tensors.empty(),
          "module: it has no parameters and no buffers to save or load; register its layers in the "
          "member initializers, fc(own(\"fc\", Linear(...)))");
  return tensors;
}

std::set<std::string> names_as_in_memory(const Module& module) {
  std::set<std::string> names;
  for (const Module::Entry& e : module.state())
    if (e.kind != Module::Kind::weight) names.insert(e.name);
  return names;
}

TensorShapes shapes_of(const NamedTensors& tensors, const std::set<std::string>& as_in_memory) {
  TensorShapes shapes;
  for (const auto& [name, tensor] : tensors)
    shapes[name] =
        as_in_memory.contains(name) ? tensor->shape().dims() : dims_in_file(tensor->shape());
  return shapes;
}

std::string classifier_name(const Module& module) {
  std::string last;
  for (const Module::Entry& e : module.state())
    if (e.kind == Module::Kind::weight) last = e.name;
  return last.substr(0, last.rfind('.'));
}

namespace {

// Training scripts and wrappers hold the network as a member, whose name then begins the name of
// every tensor: DataParallel and AveragedModel `module`, torch.compile `_orig_mod`, others what
// people call it. Such members may be nested.
const std::set<std::string> wrappers{"_orig_mod", "backbone",   "base_model", "body",    "ema",
                                     "ema_model", "encoder",    "model",      "module",  "net",
                                     "network",   "state_dict", "student",    "teacher", "trunk"};

// The longest prefix of wrappers that all names have; those of counters do not matter.
std::string wrapper_prefix(const std::vector<std::string>& names) {
  std::vector<std::string> counted_names;
  for (const std::string& name : names)
    if (!is_counter(name)) counted_names.push_back(name);
  std::string prefix;
  while (!counted_names.empty()) {
    const std::string& name = counted_names.front();
    const std::size_t dot = name.find('.', prefix.size());
    if (dot == std::string::npos ||
        !wrappers.contains(name.substr(prefix.size(), dot - prefix.size())))
      break;
    const std::string longer = name.substr(0, dot + 1);
    if (!std::all_of(counted_names.begin(), counted_names.end(),
                     [&](const std::string& other) { return other.starts_with(longer); }))
      break;
    prefix = longer;
  }
  return prefix;
}

}  // namespace

NameMapping map_names(const std::vector<std::string>& names, const std::string& path) {
  const std::string prefix = wrapper_prefix(names);
  std::vector<std::string> bare;
  for (const std::string& name : names)
    bare.push_back(name.starts_with(prefix) ? name.substr(prefix.size()) : name);
  NameMapping mapping{&detect_dialect(bare), {}};
  for (std::size_t i = 0; i < names.size(); i++) {
    if (is_counter(bare[i])) continue;
    if (is_auxiliary(bare[i])) {
      mapping.ignored++;
      continue;
    }
    const auto [entry, is_new] =
        mapping.file_name.emplace(mapping.dialect->to_ours(bare[i]), names[i]);
    require<FileError>(is_new, path, ": its tensors ", in_quotes(entry->second), " and ",
                       in_quotes(names[i]), " both stand for ", in_quotes(entry->first));
  }
  return mapping;
}

TensorShapes shapes_of(const SafetensorsFile& file, const NameMapping& names) {
  TensorShapes shapes;
  for (const auto& [ours, theirs] : names.file_name) shapes[ours] = file.entry(theirs).dims;
  return shapes;
}

Differences differences(const TensorShapes& actual, const TensorShapes& expected,
                        const Dialect& dialect) {
  Differences d;
  for (const auto& [name, dims] : expected) {
    const auto found = actual.find(name);
    if (found == actual.end())
      d.missing.push_back(dialect.to_theirs(name));
    else if (as_matrix(found->second) != as_matrix(dims))
      d.wrong_shape.push_back(text(dialect.to_theirs(name), " ", in_brackets(found->second),
                                   " instead of ", in_brackets(dims)));
  }
  for (const auto& [name, unused] : actual)
    if (!expected.contains(name)) d.unexpected.push_back(dialect.to_theirs(name));
  return d;
}

std::string Differences::summary() const {
  return listed("missing", missing) + listed("unexpected", unexpected) +
         listed("wrong shape", wrong_shape);
}

}  // namespace excite
