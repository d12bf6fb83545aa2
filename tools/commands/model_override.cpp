#include "tools/commands/model_override.h"

#include <iostream>

#include "tools/commands/output.h"

namespace excite {

void add_override_options(CLI::App& command, ModelOverrideOptions& o) {
  command
      .add_option(
          "--model", o.model,
          "the model that the weights are of [as the file says, or as its names and shapes tell]")
      ->default_str("");
  command
      .add_option("--set", o.set,
                  "options of that model, where they are others than the file tells: key=value,...")
      ->default_str("");
}

ModelOverride override_of(const ModelOverrideOptions& o) {
  return {o.model, parse_settings(o.set)};
}

void say_origin(const std::string& path, const std::string& origin) {
  if (!origin.empty()) std::cerr << "excite: " << printable(text(path, ": ", origin)) << "\n";
}

}  // namespace excite
