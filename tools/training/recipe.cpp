#include "tools/training/recipe.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/check.h"
#include "core/text.h"
#include "models/zoo/registry.h"

namespace excite {

namespace {

void check_integer(const std::string& option, long value, long min, long max) {
  require<UsageError>(value >= min && value <= max, "--", option, " ", value,
                      ": expected a whole number from ", min, " to ", max);
}

void check_number(const std::string& option, double value, double min, double max) {
  require<UsageError>(value >= min && value <= max, "--", option, " ", value,
                      ": expected a number from ", min, " to ", max);
}

// Numbers above it would not fit into a float.
constexpr double huge = 1e30;
constexpr long max_epochs = 1'000'000;

void check_positive(const std::string& option, double value, double max = huge) {
  require<UsageError>(value > 0 && value <= max, "--", option, " ", value,
                      ": expected a number above 0, at most ", max);
}

void check_choice(const std::string& option, const std::string& value,
                  const std::vector<std::string>& choices) {
  const bool known = std::find(choices.begin(), choices.end(), value) != choices.end();
  require<UsageError>(known, "--", option, " ", value, ": expected ", join(choices, ", "),
                      suggestion(value, choices));
}

}  // namespace

Implementation parse_implementation(bool plain, const std::string& conv) {
  const std::map<std::string, Conv2dAlgorithm> algorithms{
      {"auto", Conv2dAlgorithm::automatic},
      {"blas", Conv2dAlgorithm::blas},
      {"direct", Conv2dAlgorithm::direct},
      {"reference", Conv2dAlgorithm::reference}};
  check_choice("conv", conv, {"auto", "blas", "direct", "reference"});
  return {.fused = !plain, .conv = algorithms.at(conv)};
}

Model make_model(const Recipe& recipe, long classes) {
  Rng rng(recipe.seed);
  Model model = make_model(recipe.model, recipe.options, classes, rng);
  model.implementation = parse_implementation(recipe.plain, recipe.conv);
  return model;
}

long default_epochs(bool builtin_data) { return builtin_data ? 7 : 16; }
double default_lr(const std::string& optimizer, StartFrom start) {
  const bool adamw = optimizer == "adamw";
  switch (start) {
    case StartFrom::weights: return adamw ? 5e-4 : 0.01;
    case StartFrom::weights_with_new_head: return adamw ? 1e-3 : 0.02;
    case StartFrom::nothing: break;
  }
  return adamw ? 0.004 : optimizer == "muon" ? 0.24 : 0.2;
}
double default_head_lr_factor(const std::string& optimizer, StartFrom start) {
  return optimizer == "sgd" && start == StartFrom::weights_with_new_head ? 10 : 1;
}
double default_momentum(const std::string& optimizer) { return optimizer == "muon" ? 0.6 : 0.9; }
double default_weight_decay(const std::string& optimizer) {
  return optimizer == "adamw" ? 0.05 : 5e-4;
}
double default_warmup(long epochs) { return 0.2 * static_cast<double>(epochs); }

std::vector<double> default_milestones(const std::string& schedule, long epochs) {
  const double n = static_cast<double>(epochs);
  if (schedule == "multistep") return {0.5 * n, 0.75 * n};
  if (schedule == "step") return {n / 3};
  return {};
}

void check_recipe(const Recipe& r) {
  check_integer("epochs", r.epochs, 1, max_epochs);
  check_integer("batch", r.batch, 1, 1'000'000);
  check_choice("optimizer", r.optimizer, {"sgd", "adamw", "muon"});
  check_positive("lr", r.lr);
  check_choice("schedule", r.schedule, {"one-cycle", "cosine", "step", "multistep", "constant"});
  check_number("warmup", r.warmup, 0, static_cast<double>(r.epochs));
  const bool has_steps = r.schedule == "step" || r.schedule == "multistep";
  require<UsageError>(has_steps == !r.milestones.empty(), "--milestones: the schedule ", r.schedule,
                      has_steps ? " needs them" : " has none; use --schedule multistep or step");
  require<UsageError>(r.schedule != "step" || r.milestones.size() == 1, "--milestones: there are ",
                      r.milestones.size(),
                      " numbers; the schedule step takes one, its period in epochs");
  for (std::size_t i = 0; i < r.milestones.size(); i++) {
    require<UsageError>(
        r.milestones[i] > (i > 0 ? r.milestones[i - 1] : 0) && r.milestones[i] <= max_epochs,
        "--milestones: number ", i + 1, " is ", r.milestones[i],
        ": expected epochs above 0 in ascending order, at most ", max_epochs);
  }
  parse_implementation(r.plain, r.conv);
  check_positive("gamma", r.gamma, 1);
  require<UsageError>(r.mean.size() == r.deviation.size() && (r.mean.empty() || r.mean.size() == 3),
                      "the normalization has ", r.mean.size(), " means and ", r.deviation.size(),
                      " deviations, expected 3 of each, or none to measure them");
  for (const double mean : r.mean) check_number("mean", mean, -1000, 1000);
  for (const double deviation : r.deviation) check_positive("std", deviation, 1000);
  check_number("momentum", r.momentum, 0, 0.999999);
  check_number("weight-decay", r.weight_decay, 0, huge);
  check_choice("decay", r.decay, {"weights", "all"});
  check_number("clip", r.clip, 0, huge);
  check_number("label-smoothing", r.label_smoothing, 0, 1);
  check_integer("image-size", r.image_size, 0, 4096);
  check_integer("resize-short", r.short_side, 0, 4096);
  check_number("val", r.validation, 0, 1'000'000'000);
  require<UsageError>(r.validation < 1 || r.validation == std::floor(r.validation), "--val ",
                      r.validation, ": expected a fraction below 1 or a whole number of images");
  check_integer("patience", r.patience, 0, max_epochs);
  check_number("min-delta", r.min_delta, 0, 1);
  require<UsageError>(r.min_delta == 0 || r.patience > 0,
                      "--min-delta has no effect without --patience");
  require<UsageError>(r.patience == 0 || r.validation > 0,
                      "--patience needs validation images, but --val is none");
  check_integer("limit", r.limit, 0, 1'000'000'000);
  check_number("head-lr-factor", r.head_lr_factor, 0, 1e6);
  check_positive("layer-decay", r.layer_decay, 1);
  check_choice("sampler", r.sampler, {"random", "balanced"});
  check_integer("accumulate", r.accumulate, 1, 1'000'000);
  check_number("min-lr", r.min_lr, 0, r.lr);
  require<UsageError>(r.min_lr == 0 || r.schedule == "cosine" || r.schedule == "one-cycle",
                      "--min-lr has no effect with --schedule ", r.schedule,
                      "; use --schedule cosine or one-cycle");
  for (const auto& [name, alpha] : {std::pair("mixup", r.mixup), {"cutmix", r.cutmix}})
    require<UsageError>(alpha == 0 || (alpha >= 0.01 && alpha <= 1), "--", name, " ", alpha,
                        ": expected a number from 0.01 to 1, or 0 for none");
  require<UsageError>((r.mixup == 0 && r.cutmix == 0) || r.class_weights == "none",
                      "--class-weights cannot be combined with --mixup or --cutmix; use --sampler "
                      "balanced");
  check_choice("batch-norm", r.batch_norm, {"whole", "local"});
  require<UsageError>(r.batch_norm == "local" ? r.ranks > 0 : r.ranks == 0, "--batch-norm ",
                      r.batch_norm, " with ", r.ranks,
                      " ranks in the recipe: expected at least 1 with local, 0 with whole");
  check_number("ema", r.ema, 0, 0.999999);
  require<UsageError>(r.seed >= 0, "--seed ", r.seed, ": expected a whole number of at least 0");
}

}  // namespace excite
