#include "tools/commands/ensemble_options.h"

#include <utility>

#include "core/check.h"
#include "tools/commands/class_files.h"
#include "tools/commands/number_options.h"

namespace excite {

namespace {

Views views_wanted(const VoterOptions& o) {
  require<UsageError>(o.crops == 1 || o.crops == 10, "--crops ", o.crops, ": expected 1 or 10");
  require<UsageError>(o.crops == 1 || !o.flip, "--flip: ten crops have their mirror images among them; --crops 1 takes it");
  return o.crops == 10 ? Views::ten : o.flip ? Views::centre_and_mirror : Views::centre;
}

std::vector<double> shares_wanted(const VoterOptions& o) {
  if (!o.shares) return std::vector<double>(o.weights.size(), 1);
  std::vector<double> shares = numbers_of_list("--shares", *o.shares, "one for each --weights, such as 2,1,1");
  require<UsageError>(shares.size() == o.weights.size(), "--shares has ", shares.size(), " numbers for ", o.weights.size(),
                      " files of --weights, expected one each");
  for (const double share : shares) require<UsageError>(share > 0 && share < 1e9, "--shares has ", share, ", expected a number above 0");
  return shares;
}

Resize resize_wanted(const std::string& name) {
  require<UsageError>(name == "bilinear" || name == "bicubic", "--resize ", name, ": expected bilinear or bicubic");
  return name == "bilinear" ? resize : resize_bicubic;
}

std::vector<std::string> names_of(const std::vector<std::string>& in_file, const std::vector<long>& order, const std::string& labels) {
  if (!labels.empty()) return read_labels(labels, static_cast<long>(in_file.size()));
  std::vector<std::string> names = in_file;
  for (std::size_t i = 0; i < order.size(); i++) names[i] = in_file[static_cast<std::size_t>(order[i])];
  return names;
}

}  // namespace

Frame frame_of(const TrainedModel& t, Resize resize) {
  const long side = t.purpose.side > 0 ? t.purpose.side : t.model.picture_size;
  const long usual = t.model.picture_size <= 32 ? side : usual_short_side(side);  // networks for CIFAR see its pictures whole
  return {side, t.purpose.short_side > 0 ? t.purpose.short_side : usual, resize};
}

void add_voter_options(CLI::App& command, VoterOptions& o) {
  command.add_option("--weights", o.weights,
                     "a .safetensors file of train or of another program; of several, one --weights each, the probabilities are averaged")
      ->required()
      ->allow_extra_args(false);
  command.add_option("--shares", o.shares, "how much each of several files counts, as 2,1,1 [all the same]");
  command.add_option("--crops", o.crops, "1: the centre of a picture; 10: the mean over the corners, the centre, and their mirror images");
  command.add_flag("--flip", o.flip, "the mean over the centre and its mirror image");
  command.add_option("--resize", o.resize, "how pictures come to size: bilinear or bicubic");
  command.add_option("--labels", o.labels, "a file with a class name a line, in place of those in the weights' file")->default_str("");
  command.add_option("--class-order", o.class_order, "a file: line i says which output of the weights' file, from 0 on, is our class i")
      ->default_str("");
  add_wish_options(command, o.wish);
}

Voters load_voters(const VoterOptions& o) {
  std::vector<double> shares = shares_wanted(o);
  const Views views = views_wanted(o);
  const Resize resize = resize_wanted(o.resize);
  std::vector<TrainedModel> trained = load_models(o.weights, wish_of(o.wish), o.labels.empty() ? SameClasses::by_name : SameClasses::by_number);
  for (std::size_t m = 0; m < trained.size(); m++) say_origin(o.weights[m], trained[m].origin);
  const std::vector<std::string> in_file = trained.front().purpose.classes;
  std::vector<long> order;
  if (!o.class_order.empty()) order = read_class_order(o.class_order, static_cast<long>(in_file.size()));
  return {.trained = std::move(trained),
          .shares = std::move(shares),
          .views = views,
          .resize = resize,
          .classes = names_of(in_file, order, o.labels),
          .order = order};
}

Jury Voters::jury() const {
  std::vector<Voter> voters;
  for (std::size_t m = 0; m < trained.size(); m++) {
    const TrainedModel& t = trained[m];
    voters.push_back({t.model, {t.purpose.mean, t.purpose.deviation}, shares[m], frame_of(t, resize)});
  }
  return Jury(std::move(voters), views, order);
}

}  // namespace excite
