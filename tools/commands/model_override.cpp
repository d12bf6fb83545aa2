#include "tools/commands/model_override.h"

#include <iostream>

#include "core/text.h"
#include "models/zoo/settings.h"

namespace excite {

void add_override_options(const Command& command, ModelOverrideOptions& o) {
  command.add_option("--model", o.model, "Model of the weights [inferred from the file]")
      .type_name("NAME");
  command
      .add_option("--set", o.set, "Options of that model, KEY=VALUE,... [inferred from the file]")
      .type_name("LIST");
}

ModelOverride override_of(const ModelOverrideOptions& o) {
  return {o.model, parse_settings(o.set)};
}

void print_origin(const std::string& path, const std::string& origin) {
  if (!origin.empty()) std::cerr << "excite: " << printable(text(path, ": ", origin)) << "\n";
}

}  // namespace excite
