// A recipe as JSON, as the files of a run hold it. Not installed: a project that uses the library
// needs no JSON headers.
#pragma once
#include "core/files/json.h"
#include "tools/training/recipe.h"

namespace excite {

Json to_json(const Recipe& recipe);
// FileError if an entry is missing or has an invalid value.
Recipe recipe_from_json(const JsonObject& object);

}  // namespace excite
