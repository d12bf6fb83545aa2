#include "tools/training/recipe.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/check.h"
#include "core/text.h"

namespace excite {

namespace {

// The one list of what a recipe consists of.
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

void whole(const std::string& option, long value, long least, long most) {
  require<UsageError>(value >= least && value <= most, "--", option, " ", value, ": expected ",
                      least, " to ", most);
}

void number(const std::string& option, double value, double least, double most) {
  require<UsageError>(value >= least && value <= most, "--", option, " ", value,
                      ": expected a number from ", least, " to ", most);
}

void one_of(const std::string& option, const std::string& value,
            const std::vector<std::string>& possible) {
  const bool known = std::find(possible.begin(), possible.end(), value) != possible.end();
  require<UsageError>(known, "--", option, " ", value, ": the nearest is ",
                      nearest(value, possible), " (possible: ", join(possible, ", "), ")");
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
  whole("epochs", r.epochs, 1, 1'000'000);
  whole("batch", r.batch, 1, 1'000'000);
  one_of("optimizer", r.optimizer, {"sgd", "adamw"});
  number("lr", r.lr, tiny, huge);
  one_of("schedule", r.schedule, {"one-cycle", "cosine", "step", "multistep", "constant"});
  number("warmup", r.warmup, 0, static_cast<double>(r.epochs));
  const bool has_steps = r.schedule == "step" || r.schedule == "multistep";
  require<UsageError>(has_steps == !r.milestones.empty(), "--milestones: the schedule ", r.schedule,
                      has_steps ? " needs them" : " has none; --schedule multistep has");
  require<UsageError>(
      r.schedule != "step" || r.milestones.size() == 1,
      "--milestones: the schedule step takes one number, its period in epochs, not ",
      r.milestones.size());
  for (std::size_t i = 0; i < r.milestones.size(); i++) {
    require<UsageError>(
        r.milestones[i] > (i > 0 ? r.milestones[i - 1] : 0) && r.milestones[i] <= huge,
        "--milestones: ", r.milestones[i], " in place ", i + 1,
        ": expected epochs above 0, each later than the one before");
  }
  number("gamma", r.gamma, tiny, 1);
  number("momentum", r.momentum, 0, 0.999999);
  number("weight-decay", r.weight_decay, 0, huge);
  one_of("decay", r.decay, {"weights", "all"});
  number("clip", r.clip, 0, huge);
  number("label-smoothing", r.label_smoothing, 0, 1);
  whole("image-size", r.image_size, 0, 4096);
  whole("limit", r.limit, 0, 1'000'000'000);
  require<UsageError>(r.seed >= 0, "--seed ", r.seed, ": expected at least 0");
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
