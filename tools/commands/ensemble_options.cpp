#include "tools/commands/ensemble_options.h"

#include <utility>

#include "core/check.h"
#include "tools/commands/class_files.h"
#include "tools/commands/number_options.h"

namespace excite {

namespace {

Crops crops_of(const EnsembleOptions& o) {
  require<UsageError>(o.crops == 1 || o.crops == 10, "--crops ", o.crops, ": expected 1 or 10");
  require<UsageError>(o.crops == 1 || !o.flip,
                      "--flip: ten crops have their mirror images among them; --crops 1 takes it");
  return o.crops == 10 ? Crops::ten : o.flip ? Crops::center_and_mirror : Crops::center;
}

std::vector<double> ensemble_weights(const EnsembleOptions& o) {
  if (!o.shares) return std::vector<double>(o.weights.size(), 1);
  std::vector<double> shares =
      numbers_of_list("--ensemble-weights", *o.shares, "one for each --weights, such as 2,1,1");
  require<UsageError>(shares.size() == o.weights.size(), "--ensemble-weights has ", shares.size(),
                      " numbers for ", o.weights.size(), " files of --weights, expected one each");
  for (const double share : shares)
    require<UsageError>(share > 0 && share < 1e9, "--ensemble-weights has ", share,
                        ", expected a number above 0");
  return shares;
}

Resize resize_wanted(const std::string& name) {
  require<UsageError>(name == "bilinear" || name == "bicubic", "--resize ", name,
                      ": expected bilinear or bicubic");
  return name == "bilinear" ? resize : resize_bicubic;
}

std::vector<std::string> names_of(const std::vector<std::string>& in_file,
                                  const std::vector<long>& order, const std::string& labels) {
  if (!labels.empty()) return read_labels(labels, static_cast<long>(in_file.size()));
  std::vector<std::string> names = in_file;
  for (std::size_t i = 0; i < order.size(); i++) names[i] = in_file[order[i]];
  return names;
}

}  // namespace

ResizeCrop resize_crop_of(const TrainedModel& t, Resize resize) {
  const long side = t.preprocessing.side > 0 ? t.preprocessing.side : t.model.image_size;
  const long usual = t.model.image_size <= 32
                         ? side
                         : usual_short_side(side);  // networks for CIFAR see its images whole
  return {side, t.preprocessing.short_side > 0 ? t.preprocessing.short_side : usual, resize};
}

void add_ensemble_options(CLI::App& command, EnsembleOptions& o) {
  command
      .add_option("--weights", o.weights,
                  "a .safetensors file of train or of another program; of several, one --weights "
                  "each, the probabilities are averaged")
      ->required()
      ->allow_extra_args(false);
  command.add_option("--ensemble-weights", o.shares,
                     "how much each of several files counts, as 2,1,1 [all the same]");
  command.add_option("--crops", o.crops,
                     "1: the center of an image; 10: the mean over the corners, the center, and "
                     "their mirror images");
  command.add_flag("--flip", o.flip, "the mean over the center and its mirror image");
  command.add_option("--resize", o.resize, "how images come to size: bilinear or bicubic");
  command
      .add_option("--labels", o.labels,
                  "a file with a class name a line, in place of those in the weights' file")
      ->default_str("");
  command
      .add_option(
          "--class-order", o.class_order,
          "a file: line i says which output of the weights' file, from 0 on, is our class i")
      ->default_str("");
  add_override_options(command, o.overrides);
}

LoadedEnsemble load_ensemble(const EnsembleOptions& o) {
  std::vector<double> shares = ensemble_weights(o);
  const Crops crops = crops_of(o);
  const Resize resize = resize_wanted(o.resize);
  std::vector<TrainedModel> trained =
      load_models(o.weights, override_of(o.overrides),
                  o.labels.empty() ? SameClasses::by_name : SameClasses::by_number);
  for (std::size_t m = 0; m < trained.size(); m++) say_origin(o.weights[m], trained[m].origin);
  const std::vector<std::string> in_file = trained.front().preprocessing.classes;
  std::vector<long> order;
  if (!o.class_order.empty())
    order = read_class_order(o.class_order, static_cast<long>(in_file.size()));
  return {.trained = std::move(trained),
          .shares = std::move(shares),
          .crops = crops,
          .resize = resize,
          .classes = names_of(in_file, order, o.labels),
          .order = order};
}

Ensemble LoadedEnsemble::ensemble() const {
  std::vector<EnsembleMember> ensemble;
  for (std::size_t m = 0; m < trained.size(); m++) {
    const TrainedModel& t = trained[m];
    ensemble.push_back({t.model,
                        {t.preprocessing.mean, t.preprocessing.deviation},
                        shares[m],
                        resize_crop_of(t, resize)});
  }
  return Ensemble(std::move(ensemble), crops, order);
}

}  // namespace excite
