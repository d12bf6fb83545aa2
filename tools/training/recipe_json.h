// A recipe as JSON, as the files of a run hold it. Not installed: a project that uses the library
// needs no JSON headers.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tools/training/recipe.h"

namespace excite {

nlohmann::ordered_json to_json(const Recipe& recipe);
// FileError that names `path` if the JSON is not a valid recipe.
Recipe recipe_from_json(const nlohmann::ordered_json& json, const std::string& path);

}  // namespace excite
