#include "tools/training/recipe.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/check.h"
#include "core/text.h"

namespace excite {

namespace {

// The only list of the fields of a recipe, for writing and reading.
template <class AnyRecipe, class Visit>
void each_field(AnyRecipe& r, Visit visit) {
  visit("model", r.model);
  visit("options", r.options);
  visit("epochs", r.epochs);
  visit("batch", r.batch);
  visit("optimizer", r.optimizer);
  visit("lr", r.lr);
  visit("schedule", r.schedule);
  visit("warmup", r.warmup);
  visit("milestones", r.milestones);
  visit("gamma", r.gamma);
  visit("momentum", r.momentum);
  visit("nesterov", r.nesterov);
  visit("plain", r.plain);
  visit("weight_decay", r.weight_decay);
  visit("decay", r.decay);
  visit("clip", r.clip);
  visit("label_smoothing", r.label_smoothing);
  visit("augment", r.augment);
  visit("image_size", r.image_size);
  visit("limit", r.limit);
  visit("seed", r.seed);
}

void check_integer(const std::string& option, long value, long min, long max) {
  require<UsageError>(value >= min && value <= max, "--", option, " ", value,
                      ": expected a whole number from ", min, " to ", max);
}

void check_number(const std::string& option, double value, double min, double max) {
  require<UsageError>(value >= min && value <= max, "--", option, " ", value,
                      ": expected a number from ", min, " to ", max);
}

void check_choice(const std::string& option, const std::string& value,
                  const std::vector<std::string>& choices) {
  const bool known = std::find(choices.begin(), choices.end(), value) != choices.end();
  require<UsageError>(known, "--", option, " ", value, ": expected ", join(choices, ", "),
                      "; the nearest is ", closest_match(value, choices));
}

}  // namespace

long default_epochs(bool builtin_data) { return builtin_data ? 7 : 16; }
double default_lr(const std::string& optimizer) { return optimizer == "adamw" ? 0.004 : 0.2; }
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
  constexpr double tiny = 1e-300, huge = 1e300;
  check_integer("epochs", r.epochs, 1, 1'000'000);
  check_integer("batch", r.batch, 1, 1'000'000);
  check_choice("optimizer", r.optimizer, {"sgd", "adamw"});
  check_number("lr", r.lr, tiny, huge);
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
        r.milestones[i] > (i > 0 ? r.milestones[i - 1] : 0) && r.milestones[i] <= huge,
        "--milestones: number ", i + 1, " is ", r.milestones[i],
        ": expected epochs above 0 in ascending order");
  }
  check_number("gamma", r.gamma, tiny, 1);
  check_number("momentum", r.momentum, 0, 0.999999);
  check_number("weight-decay", r.weight_decay, 0, huge);
  check_choice("decay", r.decay, {"weights", "all"});
  check_number("clip", r.clip, 0, huge);
  check_number("label-smoothing", r.label_smoothing, 0, 1);
  check_integer("image-size", r.image_size, 0, 4096);
  check_integer("limit", r.limit, 0, 1'000'000'000);
  require<UsageError>(r.seed >= 0, "--seed ", r.seed, ": expected a whole number of at least 0");
}

nlohmann::ordered_json to_json(const Recipe& recipe) {
  nlohmann::ordered_json json;
  each_field(recipe, [&](const char* name, const auto& value) { json[name] = value; });
  return json;
}

Recipe recipe_from_json(const nlohmann::ordered_json& json, const std::string& path) {
  try {
    Recipe recipe;
    each_field(recipe, [&](const char* name, auto& value) { json.at(name).get_to(value); });
    check_recipe(recipe);
    return recipe;
  } catch (const nlohmann::json::exception& error) {
    throw FileError(text(path, ": not the recipe of a training run: ", error.what()));
  } catch (const UsageError& error) {
    throw FileError(text(path, ": ", error.what()));
  }
}

}  // namespace excite
