#include "models/interop/weights.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/check.h"
#include "core/files/json.h"
#include "core/images/image.h"
#include "core/kernels/elementwise.h"
#include "core/memory.h"
#include "core/text.h"
#include "models/interop/recognize.h"
#include "models/zoo/registry.h"

namespace excite {

namespace {

Tensor transposed(const real* from, long rows, long columns, const Shape& shape) {
  Tensor to(shape);
  for (long i = 0; i < rows; i++)
    for (long j = 0; j < columns; j++) to[j * rows + i] = from[i * columns + j];
  return to;
}

}  // namespace

// [in, out] -> [out, in], and [R, S, C, K] -> [K, C, R, S].
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

namespace {

// The inverse of to_file.
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

// ---- metadata ----

const std::string& entry(const SafetensorsFile& file, const std::string& key) {
  const auto found = file.metadata().find(key);
  require<FileError>(found != file.metadata().end(), file.path(), ": its metadata has no entry '",
                     key, "', expected one as in every file that excite writes");
  return found->second;
}

// The value of a metadata entry, which is JSON.
template <class Value>
Value parsed(const SafetensorsFile& file, const std::string& key) {
  const std::string& json = entry(file, key);
  const std::string what = text(file.path(), ": metadata entry '", key, "' is '",
                                printable(json.substr(0, 80)), json.size() > 80 ? "..." : "", "'");
  try {
    return parse_json(json, what).get<Value>();
  } catch (const Json::exception&) {
    throw FileError(what + ", expected JSON as excite writes it for this entry");
  }
}

// Only whole numbers are valid: converting 1e300 to an integer is undefined.
long parsed_size(const SafetensorsFile& file, const std::string& key) {
  const Json number = parsed<Json>(file, key);
  require<FileError>(number.is_number_unsigned() && number.get<std::uint64_t>() <= 1'000'000,
                     file.path(), ": metadata entry '", key, "' is '",
                     entry(file, key).substr(0, 80), "', expected a whole number up to 1000000");
  return number.get<long>();
}

}  // namespace

long format_of(const SafetensorsFile& file) {
  const long format =
      file.metadata().contains("excite_format") ? parsed_size(file, "excite_format") : 1;
  require<FileError>(format >= 1 && format <= file_format, file.path(), ": its file format is ",
                     format, ", expected 1 to ", file_format, "; use a newer version of excite");
  return format;
}

namespace {

Preprocessing parsed_preprocessing(const SafetensorsFile& file) {
  Preprocessing preprocessing;
  preprocessing.classes = parsed<std::vector<std::string>>(file, "classes");
  preprocessing.mean = parsed<std::array<double, 3>>(file, "mean");
  preprocessing.deviation = parsed<std::array<double, 3>>(file, "deviation");
  preprocessing.image_size =
      parsed_size(file, format_of(file) == 1 ? "picture_size" : "image_size");
  preprocessing.short_side = file.metadata().contains("short_side")
                                 ? parsed_size(file, "short_side")
                                 : preprocessing.image_size;
  require<FileError>(
      preprocessing.image_size >= 1 && preprocessing.image_size <= preprocessing.short_side &&
          is_image_size(preprocessing.short_side, preprocessing.short_side),
      file.path(), ": its image_size is ", preprocessing.image_size, " and its short_side ",
      preprocessing.short_side, ", expected 1 <= image_size <= short_side, and at most ",
      max_pixels, " pixels in a square of the short side");
  constexpr std::size_t max_classes = 100'000;
  require<FileError>(preprocessing.classes.size() <= max_classes, file.path(), ": ",
                     preprocessing.classes.size(), " classes, expected at most ", max_classes);
  for (int c = 0; c < 3; c++)
    require<FileError>(
        std::isfinite(preprocessing.mean[c]) && std::isfinite(preprocessing.deviation[c]) &&
            preprocessing.deviation[c] > 0,
        file.path(), ": its metadata has mean ", preprocessing.mean[c], " and deviation ",
        preprocessing.deviation[c], ", expected finite numbers and a deviation above 0");
  return preprocessing;
}

// ---- files of other programs ----

// The usual normalization for ImageNet. Inception-v3 and later ones scale pixels to -1 ... 1.
Preprocessing imagenet_preprocessing(const std::string& model, long classes) {
  Preprocessing preprocessing{{}, imagenet_mean, imagenet_deviation};
  for (const char* name : {"inception_v3", "inception_v4", "inception_resnet_v2"})
    if (model.ends_with(name)) preprocessing.mean = preprocessing.deviation = {0.5, 0.5, 0.5};
  for (long i = 0; i < classes; i++) preprocessing.classes.push_back(text("class ", i));
  return preprocessing;
}

std::string with_options(const std::string& model, const Settings& options) {
  return options.empty() ? model : text(model, " with ", to_string(options));
}

Description inferred_description(const SafetensorsFile& file, const ModelOverride& overrides) {
  const NameMapping names = map_names(file.names(), file.path());
  const TensorShapes shapes = shapes_of(file, names);
  const Recognized r = recognize(shapes, *names.dialect, overrides.model, overrides.options);
  const Dialect& dialect = row_for_model(*names.dialect, r.model);
  const std::string model = with_options(r.model, r.options);
  std::string origin = dialect.has(r.model) ? text("read as ", dialect.name, "'s ", model)
                                            : text("read as ", model, ", with tensor names as in ",
                                                   dialect.name, ", which has no such network");
  if (names.ignored)
    origin += text(", without ", counted(names.ignored, "tensor"), " of AuxLogits");
  return {r.model, r.options, imagenet_preprocessing(r.model, r.classes), origin};
}

// ---- from names to numbers ----

using NameFilter = std::function<bool(const std::string& name)>;

// The file's tensors that the filter accepts.
NameMapping filtered_names(const SafetensorsFile& file, const NameFilter& accepts) {
  NameMapping names = map_names(file.names(), file.path());
  std::erase_if(names.file_name, [&](const auto& name) { return !accepts(name.first); });
  return names;
}

// The names as they are in the file, for modules whose own names look like another program's.
NameMapping untranslated_names(const SafetensorsFile& file, const TensorShapes& expected,
                               const NameFilter& accepts) {
  NameMapping names{&own_dialect(), {}};
  for (const std::string& name : file.names())
    if (expected.contains(name) || (!is_counter(name) && accepts(name)))
      names.file_name.emplace(name, name);
  return names;
}

void require_finite(const SafetensorsFile& file, const std::string& name, const Tensor& numbers) {
  require<Diverged>(all_finite(numbers), file.path(), ": tensor ", name, " ",
                    in_brackets(file.entry(name).dims),
                    " has numbers that are not finite (NaN or infinity), so no result would be "
                    "finite; the training diverged or the file is damaged");
}

// Reads everything before it changes anything, so that an error leaves the tensors as they were.
void fill(const NamedTensors& tensors, const SafetensorsFile& file, const NameMapping& names,
          const std::set<std::string>& as_in_memory = {}) {
  std::vector<Tensor> loaded;
  for (const auto& [name, tensor] : tensors) {
    const std::string& in_file = names.file_name.at(name);
    Tensor numbers = file.read(in_file);
    require_finite(file, in_file, numbers);
    loaded.push_back(as_in_memory.contains(name) ? std::move(numbers)
                                                 : from_file(numbers, tensor->shape()));
  }
  for (std::size_t i = 0; i < tensors.size(); i++) *tensors[i].second = std::move(loaded[i]);
  loaded.clear();
  release_unused();
}

// Why the tensors do not fit the model, and which model they do fit, or nearly. Small variants are
// internal and not suggested.
std::string mismatch_message(const std::string& model, const Differences& mismatch,
                             const TensorShapes& shapes, const Dialect& dialect) {
  const Recognized r = recognize(shapes, dialect);
  const bool same_model = r.model == model;
  std::string suggestion;
  if (r.differences == 0)
    suggestion =
        text("; they fit ", with_options(r.model, r.options), " and ", counted(r.classes, "class"));
  else
    suggestion = same_model ? " (no model is nearer)" : text("; the nearest model is ", r.model);
  if (!same_model && !is_listed(r.model)) suggestion.clear();
  return text("its tensors are not those of ", model, suggestion, mismatch.summary());
}

bool belongs_to_model(const std::string& name) { return !name.starts_with("optimizer."); }

void fill_model(const Model& model, const SafetensorsFile& file, const NameFilter& accepts) {
  NamedTensors tensors = state_of(model.module());
  std::erase_if(tensors, [&](const auto& tensor) { return !accepts(tensor.first); });
  const NameMapping names = filtered_names(file, accepts);
  const TensorShapes shapes = shapes_of(file, names);
  const std::set<std::string> as_in_memory = names_as_in_memory(model.module());
  const Differences mismatch =
      differences(shapes, shapes_of(tensors, as_in_memory), *names.dialect);
  if (mismatch.count() > 0)
    throw FileError(
        text(file.path(), ": ", mismatch_message(model.name, mismatch, shapes, *names.dialect)));
  fill(tensors, file, names, as_in_memory);
}

}  // namespace

void save_tensors(const std::string& path, const Metadata& metadata, const NamedTensors& tensors,
                  const Dialect& dialect, Counters counters,
                  const std::set<std::string>& as_in_memory) {
  for (const auto& [name, tensor] : tensors)
    require(all_finite(*tensor), path, ": not saved: ", name, " ", tensor->shape(),
            " has numbers that are not finite (NaN or infinity); go back to the last file that is "
            "good, and train with a smaller learning rate");
  std::vector<Tensor> permuted;
  for (const auto& [name, tensor] : tensors)
    permuted.push_back(as_in_memory.contains(name) ? tensor->clone() : to_file(*tensor));
  std::vector<TensorToWrite> list;
  for (std::size_t i = 0; i < tensors.size(); i++) {
    const std::string name = dialect.to_theirs(tensors[i].first), mean = "running_mean";
    list.push_back({name, &permuted[i]});
    if (counters == Counters::written && name.ends_with(mean))
      list.push_back(
          {name.substr(0, name.size() - mean.size()) + "num_batches_tracked", Integers{{}, {0}}});
  }
  write_safetensors(path, metadata, list);
}

void load_tensors(const SafetensorsFile& file, const NamedTensors& tensors,
                  const std::string& ignored, const std::set<std::string>& as_in_memory) {
  const TensorShapes expected = shapes_of(tensors, as_in_memory);
  const auto accepts = [&](const std::string& name) {
    return expected.contains(name) || ignored.empty() || !name.starts_with(ignored);
  };
  NameMapping names = untranslated_names(file, expected, accepts);
  Differences mismatch = differences(shapes_of(file, names), expected, *names.dialect);
  if (mismatch.count() > 0) {
    const NameMapping translated = filtered_names(file, accepts);
    const Differences others =
        differences(shapes_of(file, translated), expected, *translated.dialect);
    if (others.count() < mismatch.count()) names = translated, mismatch = others;
  }
  require<FileError>(mismatch.count() == 0, file.path(), ": its tensors are not the expected ones",
                     mismatch.summary());
  fill(tensors, file, names, as_in_memory);
}

// Other programs have metadata of these names, too. Files of excite 0.1.0 have no format, but all
// four of the others.
bool is_described(const SafetensorsFile& file) {
  const auto has = [&](const char* key) { return file.metadata().contains(key); };
  return has("excite_format") ||
         (has("model") && has("options") && has("classes") && has("picture_size"));
}

Metadata describe(const Model& model, const Preprocessing& preprocessing) {
  return {{"excite_format", std::to_string(file_format)},
          {"model", model.name},
          {"options", Json(model.options).dump()},
          {"image_size", std::to_string(preprocessing.image_size > 0 ? preprocessing.image_size
                                                                     : model.image_size)},
          {"short_side", std::to_string(preprocessing.short_side > 0   ? preprocessing.short_side
                                        : preprocessing.image_size > 0 ? preprocessing.image_size
                                                                       : model.image_size)},
          {"classes", Json(preprocessing.classes).dump()},
          {"mean", Json(preprocessing.mean).dump()},
          {"deviation", Json(preprocessing.deviation).dump()}};
}

Description describe(const SafetensorsFile& file, const ModelOverride& overrides) {
  if (!is_described(file)) return inferred_description(file, overrides);
  format_of(file);  // throws if it is too new
  Description d{entry(file, "model"), parsed<Settings>(file, "options"), parsed_preprocessing(file),
                ""};
  if (!overrides.model.empty() && overrides.model != d.model)
    d.model = overrides.model, d.options.clear();
  d.options = merged(overrides.options, d.options);
  return d;
}

void load_weights(const Model& model, const SafetensorsFile& file) {
  fill_model(model, file, belongs_to_model);
}

void load_backbone(const Model& model, const SafetensorsFile& file) {
  const std::string classifier = classifier_name(model.module()) + ".";
  fill_model(model, file, [&](const std::string& name) {
    return belongs_to_model(name) && !name.starts_with(classifier);
  });
}

TrainedModel load_model(const SafetensorsFile& file, const ModelOverride& overrides) {
  if (!overrides.model.empty()) find_model(overrides.model);
  const Description d = describe(file, overrides);
  try {
    Rng rng = Rng::silent();
    Model model =
        make_model(d.model, d.options, static_cast<long>(d.preprocessing.classes.size()), rng);
    fill_model(model, file, belongs_to_model);
    return {std::move(model), d.preprocessing, d.origin};
  } catch (const UsageError& error) {
    if (!overrides.model.empty() || !overrides.options.empty()) throw;
    const auto& list = model_list();
    const bool known = std::any_of(list.begin(), list.end(), [&](const ModelEntry& e) {
      return e.name == d.model || e.small_variant == d.model;
    });
    throw FileError(text(file.path(), ": ", error.what(),
                         known ? ""
                               : "; a network of your own is loaded in code, by "
                                 "load_model(as_model(net, ...), path)"));
  }
}

}  // namespace excite
