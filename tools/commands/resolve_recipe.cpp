#include <algorithm>
#include <filesystem>
#include <utility>

#include "core/check.h"
#include "core/files/text_file.h"
#include "core/text.h"
#include "models/interop/weights.h"
#include "models/zoo/settings.h"
#include "tools/commands/number_options.h"
#include "tools/commands/preprocessing_options.h"
#include "tools/commands/recipe_options.h"
#include "tools/data/augmentation.h"

namespace excite {

namespace {

std::string join_numbers(const std::vector<double>& numbers) {
  std::vector<std::string> words;
  for (const double number : numbers) words.push_back(text(number));
  return join(words, ", ");
}

StartFrom start_of(const RecipeOptions& o) {
  if (o.weights.empty()) return StartFrom::nothing;
  return o.new_head ? StartFrom::weights_with_new_head : StartFrom::weights;
}

// Fills in the recipe's normalization. Trained weights need the one that they were trained with.
void choose_normalization(Recipe& r, const RecipeOptions& o, const Preprocessing& of_weights) {
  require<UsageError>(o.mean.has_value() == o.deviation.has_value(),
                      "--mean and --std are given together, or not at all");
  if (o.mean) {
    require<UsageError>(!o.normalize, "--normalize cannot be combined with --mean and --std");
    r.mean = three_numbers("--mean", *o.mean), r.deviation = three_numbers("--std", *o.deviation);
    return;
  }
  const std::vector<std::string> known{"measure", "keep", "imagenet"};
  const std::string how = o.normalize.value_or(o.weights.empty() ? "measure" : "keep");
  require<UsageError>(std::count(known.begin(), known.end(), how), "--normalize ", how,
                      ": expected measure, keep or imagenet", suggestion(how, known));
  require<UsageError>(how != "keep" || !o.weights.empty(),
                      "--normalize keep needs --weights FILE, whose normalization it keeps");
  if (how == "measure") return;
  const auto& [mean, deviation] = how == "keep" ? std::pair(of_weights.mean, of_weights.deviation)
                                                : std::pair(imagenet_mean, imagenet_deviation);
  r.mean.assign(mean.begin(), mean.end());
  r.deviation.assign(deviation.begin(), deviation.end());
}

// With --weights the file says which model it is, unless --model names one, and how its images were
// normalized.
void take_from_weights(Recipe& r, const Command& command, const RecipeOptions& o) {
  Description d;
  if (!o.weights.empty()) {
    const bool named = command.option("--model").is_given();
    d = describe(SafetensorsFile(o.weights), {named ? r.model : "", r.options});
    r.model = d.model;
    r.options = d.options;
  }
  choose_normalization(r, o, d.preprocessing);
}

// The value of --class-weights, where the numbers of a file become a list.
std::string class_weights_of(const std::string& given) {
  if (given == "none" || given == "auto") return given;
  require<UsageError>(std::filesystem::exists(given), "--class-weights ", printable(given),
                      ": expected auto, or a file with one number per class, one per line");
  constexpr long max_bytes = 1 << 20;
  return join(read_lines(given, max_bytes), ",");
}

// Options of another schedule or optimizer than the chosen one.
void refuse_unused_options(const Command& command, const Recipe& r) {
  const auto given = [&](const char* name) { return command.option(name).is_given(); };
  const bool has_steps = r.schedule == "step" || r.schedule == "multistep";
  require<UsageError>(has_steps || !given("--gamma"), "--gamma has no effect with --schedule ",
                      r.schedule, "; use --schedule step or multistep");
  require<UsageError>(r.optimizer == "sgd" || !given("--nesterov"),
                      r.nesterov ? "--nesterov" : "--no-nesterov",
                      " has no effect with --optimizer ", r.optimizer, "; use --optimizer sgd");
}

// 0: none.
double validation_of(const std::string& word) {
  const std::optional<double> number = parse_number<double>(word);
  require<UsageError>(word == "none" || number.value_or(0) > 0, "--val ", word,
                      ": expected none, a fraction such as 0.1, or a number of images");
  return number.value_or(0);
}

}  // namespace

Recipe resolve_recipe(const Command& command, const RecipeOptions& o) {
  Recipe r = o.recipe;
  r.options = parse_settings(o.model_options);
  require<UsageError>(!o.new_head || !o.weights.empty(),
                      "--new-head needs --weights FILE, of which it keeps all but the classifier");
  take_from_weights(r, command, o);
  r.epochs = o.epochs.value_or(default_epochs(o.data == "builtin"));
  r.lr = o.lr.value_or(default_lr(r.optimizer, start_of(o)));
  r.momentum = o.momentum.value_or(default_momentum(r.optimizer));
  r.warmup = o.warmup.value_or(default_warmup(r.epochs));
  r.weight_decay = o.weight_decay.value_or(default_weight_decay(r.optimizer));
  r.milestones = o.milestones
                     ? numbers_of_list("--milestones", *o.milestones, "epochs, such as 8,12")
                     : default_milestones(r.schedule, r.epochs);
  r.validation = validation_of(o.validation);
  if (o.augment) parse_augmentation(*o.augment);  // an error if empty: that is not the default
  r.augment = o.augment.value_or("");
  r.class_weights = class_weights_of(r.class_weights);
  r.head_lr_factor = o.head_lr_factor.value_or(default_head_lr_factor(r.optimizer, start_of(o)));
  check_recipe(r);
  refuse_unused_options(command, r);
  return r;
}

std::string lines_on_start(const Recipe& r, const RecipeOptions& o) {
  if (o.weights.empty()) return "";
  std::string lines;
  if (!o.lr)
    lines += text("learning rate: at most ", r.lr, ", because the run starts from trained weights",
                  o.new_head ? " with a new classifier" : "",
                  r.head_lr_factor != 1
                      ? text(", which learns at ", r.head_lr_factor, " times that rate")
                      : "",
                  "; --lr sets another\n");
  if (!r.mean.empty() && !o.mean && !o.normalize)
    lines += text("normalization: that of the weights, mean ", join_numbers(r.mean), ", deviation ",
                  join_numbers(r.deviation), "; --normalize measure takes the images' own\n");
  return lines;
}

}  // namespace excite
