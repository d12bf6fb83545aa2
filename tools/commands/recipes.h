// Recipes: options of train that belong together, under one name.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "tools/commands/command_line.h"

namespace excite {

// The options of a recipe with their values; those of a flag are "true". UsageError for an unknown
// name.
std::vector<std::pair<std::string, std::string>> recipe_options(const std::string& name);

// Sets the options of the recipe that were not given on the command line.
void apply_recipe(const Command& command, const std::string& name);

}  // namespace excite
