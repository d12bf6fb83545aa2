// Models as other programs build them.
#pragma once
#include "models/interop/dialects.h"
#include "models/zoo/registry.h"

namespace excite {

// The row of a dialect that has the model.
inline const Dialect& dialect_for(const std::string& model, const std::string& name) {
  for (const Dialect& d : dialects())
    if (d.name == name && !d.models.empty() && d.has(model)) return d;
  throw Error(text("dialect ", name, " has no row with ", model));
}

// The parameters are not initialized.
inline Model built_as(const Dialect& dialect, const std::string& model, long classes,
                      const Settings& options = {}) {
  Settings known;
  for (const auto& [key, value] : dialect.options)
    if (find_model(model).defaults.contains(key)) known[key] = value;
  Rng rng = Rng::silent();
  return make_model(model, merged(options, known), classes, rng);
}

}  // namespace excite
