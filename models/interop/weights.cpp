#include "models/interop/weights.h"

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/check.h"
#include "core/images/image.h"
#include "core/memory.h"
#include "core/text.h"
#include "models/interop/recognize.h"

namespace excite {

using nlohmann::json;

namespace {

Tensor transposed(const real* from, long rows, long columns, const Shape& shape) {
  Tensor to(shape);
  for (long i = 0; i < rows; i++)
    for (long j = 0; j < columns; j++) to[j * rows + i] = from[i * columns + j];
  return to;
}

// [R, S, C, K] -> [K, C, R, S] is a transposition of the matrix of R S rows and C K columns, whose
// rows then are (C, K), and one of these.
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

// ---- metadata ----

const std::string& entry(const SafetensorsFile& file, const std::string& key) {
  const auto found = file.metadata().find(key);
  require<FileError>(found != file.metadata().end(), file.path(), ": its metadata has no entry '",
                     key,
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
    throw FileError(text(file.path(), ": metadata entry '", key, "' is '", shown,
                         "', which is not what excite writes there"));
  }
}

// Only whole numbers: what a JSON reader would make of 1e300 as one is anybody's guess.
long parsed_size(const SafetensorsFile& file, const std::string& key) {
  const json number = parsed<json>(file, key);
  require<FileError>(number.is_number_unsigned() && number.get<std::uint64_t>() <= 1'000'000,
                     file.path(), ": metadata entry '", key, "' is '",
                     entry(file, key).substr(0, 80), "', expected a whole number up to 1000000");
  return number.get<long>();
}

}  // namespace

long format_of(const SafetensorsFile& file) {
  const long format =
      file.metadata().contains("excite_format") ? parsed_size(file, "excite_format") : 1;
  require<FileError>(format >= 1 && format <= file_format, file.path(), ": is in format ", format,
                     " of excite's files, expected 1 to ", file_format,
                     "; a newer excite reads it");
  return format;
}

namespace {

Preprocessing parsed_preprocessing(const SafetensorsFile& file) {
  Preprocessing preprocessing;
  preprocessing.classes = parsed<std::vector<std::string>>(file, "classes");
  preprocessing.mean = parsed<std::array<double, 3>>(file, "mean");
  preprocessing.deviation = parsed<std::array<double, 3>>(file, "deviation");
  preprocessing.side = parsed_size(file, format_of(file) == 1 ? "picture_size" : "image_size");
  preprocessing.short_side =
      file.metadata().contains("short_side") ? parsed_size(file, "short_side") : preprocessing.side;
  require<FileError>(
      preprocessing.side >= 1 && preprocessing.side <= preprocessing.short_side &&
          is_image_size(preprocessing.short_side, preprocessing.short_side),
      file.path(), ": is for images of ", preprocessing.side,
      " pixels, cut out of such whose short side has ", preprocessing.short_side,
      ", expected at least 1, at most the short side, and a square of that of at most ", max_pixels,
      " pixels");
  constexpr std::size_t max_classes = 100'000;
  require<FileError>(preprocessing.classes.size() <= max_classes, file.path(), ": ",
                     preprocessing.classes.size(), " classes, at most ", max_classes);
  for (int c = 0; c < 3; c++)
    require<FileError>(
        std::isfinite(preprocessing.mean[c]) && std::isfinite(preprocessing.deviation[c]) &&
            preprocessing.deviation[c] > 0,
        file.path(), ": normalizes by mean ", preprocessing.mean[c], " and deviation ",
        preprocessing.deviation[c], ", expected finite numbers and a deviation above 0");
  return preprocessing;
}

// ---- files of other programs ----

// What images are normalized by in ImageNet's programs; those of Inception-v3 and after it bring
// pixels to -1 ... 1.
Preprocessing imagenet_preprocessing(const std::string& model, long classes) {
  Preprocessing preprocessing{{}, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}};
  for (const char* name : {"inception_v3", "inception_v4", "inception_resnet_v2"})
    if (model.ends_with(name)) preprocessing.mean = preprocessing.deviation = {0.5, 0.5, 0.5};
  for (long i = 0; i < classes; i++) preprocessing.classes.push_back(text("class ", i));
  return preprocessing;
}

std::string in_words(const std::string& model, const Settings& options) {
  return options.empty() ? model : text(model, " with ", excite::in_words(options));
}

Description told_by_names(const SafetensorsFile& file, const ModelOverride& overrides) {
  const NamesInFile names = names_in(file.names(), file.path());
  const Outline outline = outline_of(file, names);
  const Recognized r = recognize(outline, *names.dialect, overrides.model, overrides.options);
  const Dialect& its = line_with(*names.dialect, r.model);
  const bool has = its.has(r.model);
  const std::string whose = text(has ? "as " : "by the names of ", its.name,
                                 has ? "'s: " : ", which has no such network: ");
  const std::string left_out =
      names.left_out ? text(", without ", names.left_out, " tensors of AuxLogits") : "";
  return {r.model, r.options, imagenet_preprocessing(r.model, r.classes),
          text("read ", whose, in_words(r.model, r.options), left_out)};
}

// ---- from names to numbers ----

using Wanted = std::function<bool(const std::string& name)>;

// The file's tensors but those that are not wanted, which it may have or not.
NamesInFile names_of(const SafetensorsFile& file, const Wanted& wanted) {
  NamesInFile names = names_in(file.names(), file.path());
  std::erase_if(names.in_file, [&](const auto& name) { return !wanted(name.first); });
  return names;
}

void fill(const NamedTensors& tensors, const SafetensorsFile& file, const NamesInFile& names) {
  std::vector<Tensor> loaded;
  for (const auto& [name, tensor] : tensors)
    loaded.push_back(from_file(file.read(names.in_file.at(name)), tensor->shape()));
  for (std::size_t i = 0; i < tensors.size(); i++) *tensors[i].second = std::move(loaded[i]);
  loaded.clear();
  release_unused();
}

// What was asked for, what is there instead, and of which model that is.
std::string misfit(const std::string& model, const Differences& mismatch, const Outline& outline,
                   const Dialect& dialect) {
  const Recognized r = recognize(outline, dialect);
  const std::string nearer = r.model == model ? "" : text("; the nearest model is ", r.model);
  return text(
      "its tensors are not those of ", model, r.model == model ? " (no model is nearer)" : "",
      r.differences == 0
          ? text("; they fit ", in_words(r.model, r.options), " and ", r.classes, " classes")
          : nearer,
      mismatch.listed());
}

bool belongs_to_model(const std::string& name) { return !name.starts_with("optimizer."); }

void fill_model(const Model& model, const SafetensorsFile& file, const Wanted& wanted) {
  NamedTensors tensors = state_of(model.module);
  std::erase_if(tensors, [&](const auto& tensor) { return !wanted(tensor.first); });
  const NamesInFile names = names_of(file, wanted);
  const Outline outline = outline_of(file, names);
  const Differences mismatch = differences(outline, outline_of(tensors), *names.dialect);
  if (mismatch.count() > 0)
    throw FileError(text(file.path(), ": ", misfit(model.name, mismatch, outline, *names.dialect)));
  fill(tensors, file, names);
}

}  // namespace

void save_tensors(const std::string& path, const Metadata& metadata, const NamedTensors& tensors,
                  const Dialect& dialect, Counters counters) {
  std::vector<Tensor> permuted;
  for (const auto& [name, tensor] : tensors) permuted.push_back(to_file(*tensor));
  std::vector<TensorToWrite> list;
  for (std::size_t i = 0; i < tensors.size(); i++) {
    const std::string name = dialect.theirs(tensors[i].first), mean = "running_mean";
    list.push_back({name, &permuted[i]});
    if (counters == Counters::written && name.ends_with(mean))
      list.push_back(
          {name.substr(0, name.size() - mean.size()) + "num_batches_tracked", Integers{{}, {0}}});
  }
  write_safetensors(path, metadata, list);
}

void load_tensors(const SafetensorsFile& file, const NamedTensors& tensors,
                  const std::string& ignored) {
  const Outline expected = outline_of(tensors);
  const NamesInFile names = names_of(file, [&](const std::string& name) {
    return expected.contains(name) || ignored.empty() || !name.starts_with(ignored);
  });
  const Differences mismatch = differences(outline_of(file, names), expected, *names.dialect);
  require<FileError>(mismatch.count() == 0, file.path(), ": its tensors are not the ones asked for",
                     mismatch.listed());
  fill(tensors, file, names);
}

bool is_described(const SafetensorsFile& file) {
  return file.metadata().contains("model") || file.metadata().contains("options") ||
         file.metadata().contains("classes");
}

Metadata describe(const Model& model, const Preprocessing& preprocessing) {
  return {{"excite_format", std::to_string(file_format)},
          {"model", model.name},
          {"options", json(model.options).dump()},
          {"image_size",
           std::to_string(preprocessing.side > 0 ? preprocessing.side : model.image_size)},
          {"short_side", std::to_string(preprocessing.short_side > 0 ? preprocessing.short_side
                                        : preprocessing.side > 0     ? preprocessing.side
                                                                     : model.image_size)},
          {"classes", json(preprocessing.classes).dump()},
          {"mean", json(preprocessing.mean).dump()},
          {"deviation", json(preprocessing.deviation).dump()}};
}

Description describe(const SafetensorsFile& file, const ModelOverride& overrides) {
  if (!is_described(file)) return told_by_names(file, overrides);
  Description d{entry(file, "model"), parsed<Settings>(file, "options"), parsed_preprocessing(file),
                ""};
  if (!overrides.model.empty() && overrides.model != d.model)
    d.model = overrides.model, d.options.clear();
  d.options = together(overrides.options, d.options);
  return d;
}

void load_but_classifier(const Model& model, const SafetensorsFile& file) {
  const std::string classifier = classifier_of(model.module) + ".";
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
    throw FileError(text(file.path(), ": ", error.what()));
  }
}

}  // namespace excite
