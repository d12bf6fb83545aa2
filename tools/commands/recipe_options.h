// The options of a recipe: which model is trained, on what, and how.
#pragma once
#include <optional>
#include <string>

#include "core/text.h"
#include "tools/commands/command_line.h"
#include "tools/data/load.h"
#include "tools/training/recipe.h"

namespace excite {

// The values of the command line. An optional one has a default that depends on other options.
struct RecipeOptions {
  Recipe recipe;
  std::string recipe_name = "default", model_options, data = "builtin", weights;
  std::optional<long> epochs;
  std::optional<double> lr, warmup, weight_decay;
  std::optional<double> head_lr_factor, momentum;
  std::string validation = text(default_validation);
  std::optional<std::string> augment, milestones, normalize, mean, deviation;
  bool strict = false, new_head = false;
  Exif exif = Exif::apply;
};

// Adds them under the headings Model, Data, Optimization, and Augmentation and regularization.
void add_recipe_options(const Command& command, RecipeOptions& options);
// --seed, --plain and --conv, under the present heading.
void add_computation_options(const Command& command, RecipeOptions& options);

// The recipe that the options choose. UsageError that names the option.
Recipe resolve_recipe(const Command& command, const RecipeOptions& options);

// What follows from trained weights, and how to change it; "" without them.
std::string lines_on_start(const Recipe& recipe, const RecipeOptions& options);

}  // namespace excite
