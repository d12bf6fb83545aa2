#include "models/weights.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "core/check.h"
#include "core/memory.h"
#include "core/text.h"

namespace excite {

using nlohmann::json;

namespace {

// Only convolution weights have rank 4, and only weights of linear layers rank 2; all else is the same on both sides.
std::vector<long> dims_in_file(const Shape& shape) {
  if (shape.rank() == 4) return {shape[3], shape[2], shape[0], shape[1]};
  if (shape.rank() == 2) return {shape[1], shape[0]};
  return shape.dims();
}

Tensor transposed(const real* from, long rows, long columns, const Shape& shape) {
  Tensor to(shape);
  for (long i = 0; i < rows; i++)
    for (long j = 0; j < columns; j++) to[j * rows + i] = from[i * columns + j];
  return to;
}

// [R, S, C, K] -> [K, C, R, S] is a transposition of the matrix of R S rows and C K columns, whose rows then are (C, K), and one of these.
Tensor to_file(const Tensor& x) {
  const Shape shape(dims_in_file(x.shape()));
  if (x.shape().rank() == 2) return transposed(x.data(), x.dim(0), x.dim(1), shape);
  if (x.shape().rank() != 4) return x.clone();
  const long taps = x.dim(0) * x.dim(1), c = x.dim(2), k = x.dim(3);
  Tensor y(shape);
  for (long t = 0; t < taps; t++)
    for (long i = 0; i < c; i++)
      for (long o = 0; o < k; o++) y[(o * c + i) * taps + t] = x[(t * c + i) * k + o];
  return y;
}

Tensor from_file(const Tensor& y, const Shape& shape) {
  if (shape.rank() == 2) return transposed(y.data(), shape[1], shape[0], shape);
  if (shape.rank() != 4) return y.clone();
  const long taps = shape[0] * shape[1], c = shape[2], k = shape[3];
  Tensor x(shape);
  for (long t = 0; t < taps; t++)
    for (long i = 0; i < c; i++)
      for (long o = 0; o < k; o++) x[(t * c + i) * k + o] = y[(o * c + i) * taps + t];
  return x;
}

// "missing: conv1.weight, bn1.weight and 3 more"
std::string listed(const std::string& what, std::vector<std::string> names) {
  constexpr std::size_t shown = 8;
  if (names.empty()) return "";
  const std::string more = names.size() > shown ? text(" and ", names.size() - shown, " more") : "";
  names.resize(std::min(names.size(), shown));
  return text("; ", what, ": ", join(names, ", "), more);
}

std::string in_brackets(const std::vector<long>& dims) {
  std::vector<std::string> words;
  for (const long d : dims) words.push_back(std::to_string(d));
  return text("[", join(words, ", "), "]");
}

void check_names_and_shapes(const SafetensorsFile& file, const NamedTensors& tensors, const std::string& ignored) {
  std::vector<std::string> missing, too_many, other_shape;
  std::set<std::string> expected;
  for (const auto& [name, tensor] : tensors) {
    expected.insert(name);
    const std::vector<long> dims = dims_in_file(tensor->shape());
    if (!file.contains(name)) missing.push_back(name);
    else if (const std::vector<long>& there = file.entry(name).dims; there != dims)
      other_shape.push_back(text(name, " ", in_brackets(there), " instead of ", in_brackets(dims)));
  }
  for (const std::string& name : file.names()) {
    const bool may_stand_there = (!ignored.empty() && name.starts_with(ignored)) || name.ends_with(".num_batches_tracked");
    if (!expected.contains(name) && !may_stand_there) too_many.push_back(name);
  }
  require<FileError>(missing.empty() && too_many.empty() && other_shape.empty(), file.path(), ": its tensors are not the ones asked for",
                     listed("missing", missing), listed("too many", too_many), listed("of another shape", other_shape));
}

// ---- metadata ----

const std::string& entry(const SafetensorsFile& file, const std::string& key) {
  const auto found = file.metadata().find(key);
  require<FileError>(found != file.metadata().end(), file.path(), ": its metadata has no entry '", key,
                     "', so it does not say how to use its weights (was it written by excite?)");
  return found->second;
}

// The value of a JSON text in the metadata, as a C++ type.
template <class Value>
Value parsed(const SafetensorsFile& file, const std::string& key) {
  try {
    return json::parse(entry(file, key)).get<Value>();
  } catch (const json::exception&) {
    const std::string shown = entry(file, key).substr(0, 80);
    throw FileError(text(file.path(), ": metadata entry '", key, "' is '", shown, "', which is not what excite writes there"));
  }
}

Purpose parsed_purpose(const SafetensorsFile& file) {
  Purpose purpose;
  purpose.classes = parsed<std::vector<std::string>>(file, "classes");
  purpose.mean = parsed<std::array<double, 3>>(file, "mean");
  purpose.deviation = parsed<std::array<double, 3>>(file, "deviation");
  purpose.side = parsed<long>(file, "picture_size");
  purpose.short_side = file.metadata().contains("short_side") ? parsed<long>(file, "short_side") : purpose.side;
  require<FileError>(purpose.side >= 1 && purpose.side <= purpose.short_side && purpose.short_side <= 16384, file.path(), ": is for pictures of ",
                     purpose.side, " pixels, cut out of such whose short side has ", purpose.short_side,
                     ", expected at least 1, at most the short side, and at most 16384");
  constexpr std::size_t most_classes = 100'000;
  require<FileError>(purpose.classes.size() <= most_classes, file.path(), ": ", purpose.classes.size(), " classes, at most ", most_classes);
  for (int c = 0; c < 3; c++)
    require<FileError>(std::isfinite(purpose.mean[c]) && std::isfinite(purpose.deviation[c]) && purpose.deviation[c] > 0, file.path(),
                       ": normalises by mean ", purpose.mean[c], " and deviation ", purpose.deviation[c],
                       ", expected finite numbers and a deviation above 0");
  return purpose;
}

}  // namespace

NamedTensors state_of(const Module& module) {
  NamedTensors tensors;
  for (const Module::Entry& e : module.state()) tensors.emplace_back(e.name, &e.var->value);
  return tensors;
}

void save_tensors(const std::string& path, const Metadata& metadata, const NamedTensors& tensors) {
  std::vector<Tensor> permuted;
  for (const auto& [name, tensor] : tensors) permuted.push_back(to_file(*tensor));
  std::vector<TensorToWrite> list;
  for (std::size_t i = 0; i < tensors.size(); i++) list.push_back({tensors[i].first, &permuted[i]});
  write_safetensors(path, metadata, list);
}

void load_tensors(const SafetensorsFile& file, const NamedTensors& tensors, const std::string& ignored) {
  check_names_and_shapes(file, tensors, ignored);
  std::vector<Tensor> loaded;
  for (const auto& [name, tensor] : tensors) loaded.push_back(from_file(file.read(name), tensor->shape()));
  for (std::size_t i = 0; i < tensors.size(); i++) *tensors[i].second = std::move(loaded[i]);
  loaded.clear();
  release_unused();
}

Metadata describe(const Model& model, const Purpose& purpose) {
  return {{"model", model.name},
          {"options", json(model.options).dump()},
          {"picture_size", std::to_string(purpose.side > 0 ? purpose.side : model.picture_size)},
          {"short_side", std::to_string(purpose.short_side > 0 ? purpose.short_side : purpose.side > 0 ? purpose.side : model.picture_size)},
          {"classes", json(purpose.classes).dump()},
          {"mean", json(purpose.mean).dump()},
          {"deviation", json(purpose.deviation).dump()}};
}

TrainedModel load_model(const SafetensorsFile& file) {
  const Purpose purpose = parsed_purpose(file);
  const Settings options = parsed<Settings>(file, "options");
  try {
    Rng rng = Rng::silent();
    Model model = make_model(entry(file, "model"), options, static_cast<long>(purpose.classes.size()), rng);
    load_tensors(file, state_of(model.module), "optimizer.");
    return {std::move(model), purpose};
  } catch (const UsageError& error) {
    throw FileError(text(file.path(), ": ", error.what()));
  }
}

}  // namespace excite
