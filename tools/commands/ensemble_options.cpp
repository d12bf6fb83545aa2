#include "tools/commands/ensemble_options.h"

#include <utility>

#include "core/check.h"
#include "core/kernels/conv2d_bfloat16.h"
#include "tools/commands/class_files.h"
#include "tools/commands/number_options.h"
#include "tools/commands/shared_options.h"
#include "tools/training/recipe.h"

namespace excite {

namespace {

Crops crops_of(const EnsembleOptions& o) {
  require<UsageError>(o.crops == 1 || o.crops == 10, "--crops ", o.crops, ": expected 1 or 10");
  require<UsageError>(o.crops == 1 || !o.flip,
                      "--flip cannot be combined with --crops 10, which contains the mirror images "
                      "already");
  return o.crops == 10 ? Crops::ten : o.flip ? Crops::center_and_flip : Crops::center;
}

std::vector<double> ensemble_weights(const EnsembleOptions& o) {
  if (!o.ensemble_weights) return std::vector<double>(o.weights.size(), 1);
  std::vector<double> weights = numbers_of_list("--ensemble-weights", *o.ensemble_weights,
                                                "one number per --weights, such as 2,1,1");
  require<UsageError>(weights.size() == o.weights.size(), "--ensemble-weights has ", weights.size(),
                      " numbers for ", o.weights.size(), " files of --weights, expected one each");
  for (const double weight : weights)
    require<UsageError>(weight > 0 && weight < 1e9, "--ensemble-weights has ", weight,
                        ", expected numbers above 0");
  return weights;
}

ResizeFunction resize_function(const std::string& name) {
  require<UsageError>(name == "bilinear" || name == "bicubic", "--resize ", name,
                      ": expected bilinear or bicubic");
  const ResizeFunction bilinear = resize, bicubic = resize_bicubic;
  return name == "bilinear" ? bilinear : bicubic;
}

std::vector<std::string> class_names(const std::vector<std::string>& in_file,
                                     const std::vector<long>& order, const std::string& labels) {
  if (!labels.empty()) return read_labels(labels, static_cast<long>(in_file.size()));
  std::vector<std::string> names = in_file;
  for (std::size_t i = 0; i < order.size(); i++) names[i] = in_file[order[i]];
  return names;
}

}  // namespace

Option add_ensemble_options(const Command& command, EnsembleOptions& o) {
  command.begin_group("Model");
  Option weights =
      command
          .add_option("--weights", o.weights,
                      "Weights, a .safetensors file of train or of another program; repeat the "
                      "option to average the probabilities of several models")
          .required()
          .one_word_each()
          .type_name("FILE");
  command
      .add_option("--ensemble-weights", o.ensemble_weights,
                  "Weight of each model in the average, such as 2,1,1 [equal]")
      .type_name("LIST");
  add_override_options(command, o.overrides);
  add_plain_option(command, o.plain);
  add_conv_option(command, o.conv);
  add_precision_option(command, o.precision);
  command.begin_group("Preprocessing");
  command.add_option("--crops", o.crops,
                     "1: use the center crop; 10: average over the four corners, the center, and "
                     "their mirror images");
  command.add_flag("--flip", o.flip, "Average over the center crop and its mirror image");
  command.add_option("--resize", o.resize, "Interpolation of resized images: bilinear or bicubic")
      .type_name("NAME");
  add_preprocessing_options(command, o.preprocessing);
  command.begin_group("Classes");
  command
      .add_option("--labels", o.labels,
                  "Class names, one per line, instead of those in the weights")
      .type_name("FILE");
  command
      .add_option(
          "--class-order", o.class_order,
          "Reorder the outputs of the model: line i is the index, from 0, of the output for "
          "class i")
      .type_name("FILE");
  return weights;
}

LoadedEnsemble load_ensemble(const EnsembleOptions& o) {
  std::vector<double> weights = ensemble_weights(o);
  const Crops crops = crops_of(o);
  const ResizeFunction resize = resize_function(o.resize);
  const Precision precision = parse_precision(o.precision, o.plain, o.conv);
  if (precision == Precision::bfloat16) require_bfloat16();
  std::vector<TrainedModel> trained =
      load_models(o.weights, override_of(o.overrides),
                  o.labels.empty() ? SameClasses::by_name : SameClasses::by_number);
  const Implementation implementation = parse_implementation(o.plain, o.conv);
  for (std::size_t m = 0; m < trained.size(); m++) {
    trained[m].model.implementation = implementation;
    print_origin(o.weights[m], trained[m].origin);
    override_preprocessing(trained[m], o.preprocessing);
  }
  const std::vector<std::string> in_file = trained.front().preprocessing.classes;
  std::vector<long> order;
  if (!o.class_order.empty())
    order = read_class_order(o.class_order, static_cast<long>(in_file.size()));
  return {.trained = std::move(trained),
          .weights = std::move(weights),
          .crops = crops,
          .resize = resize,
          .classes = class_names(in_file, order, o.labels),
          .order = order,
          .precision = precision};
}

}  // namespace excite
