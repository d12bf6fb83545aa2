#include "tools/training/recipe_json.h"

#include <nlohmann/json.hpp>

#include "core/check.h"

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
  visit("conv", r.conv);
  visit("weight_decay", r.weight_decay);
  visit("decay", r.decay);
  visit("clip", r.clip);
  visit("label_smoothing", r.label_smoothing);
  visit("augment", r.augment);
  visit("image_size", r.image_size);
  visit("limit", r.limit);
  visit("seed", r.seed);
}

// Fields that older versions do not know. In a file they are absent where they have their defaults,
// so that files of older versions mean the same, and equal recipes have equal bytes.
template <class AnyRecipe, class Visit>
void each_later_field(AnyRecipe& r, Visit visit) {
  visit("short_side", r.short_side);
  visit("mean", r.mean);
  visit("deviation", r.deviation);
  visit("patience", r.patience);
  visit("min_delta", r.min_delta);
  visit("freeze", r.freeze);
  visit("head_lr_factor", r.head_lr_factor);
  visit("layer_decay", r.layer_decay);
  visit("class_weights", r.class_weights);
  visit("sampler", r.sampler);
  visit("accumulate", r.accumulate);
  visit("min_lr", r.min_lr);
  visit("mixup", r.mixup);
  visit("cutmix", r.cutmix);
  visit("ema", r.ema);
  visit("test_flip", r.test_flip);
  visit("batch_norm", r.batch_norm);
  visit("ranks", r.ranks);
}

}  // namespace

Json to_json(const Recipe& recipe) {
  Json json, defaults;
  const Recipe default_recipe;
  each_field(recipe, [&](const char* name, const auto& value) { json[name] = value; });
  each_later_field(default_recipe,
                   [&](const char* name, const auto& value) { defaults[name] = value; });
  each_later_field(recipe, [&](const char* name, const auto& value) {
    if (defaults[name] != Json(value)) json[name] = value;
  });
  if (recipe.validation > 0) json["validation"] = recipe.validation;
  return json;
}

Recipe recipe_from_json(const JsonObject& object) {
  Recipe recipe;
  std::vector<std::string> names;
  each_field(recipe, [&](const char* name, auto& value) {
    object.read(name, value);
    names.emplace_back(name);
  });
  each_later_field(recipe, [&](const char* name, auto& value) {
    if (object.contains(name)) object.read(name, value);
    names.emplace_back(name);
  });
  recipe.validation = 0;
  if (object.contains("validation")) {  // absent where there is none
    object.read("validation", recipe.validation);
    names.emplace_back("validation");
  }
  object.allow_only(names);
  try {
    check_recipe(recipe);
  } catch (const UsageError& error) {
    throw FileError(text(object.path(), ": ", error.what()));
  }
  return recipe;
}

}  // namespace excite
