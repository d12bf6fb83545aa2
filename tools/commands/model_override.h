// --model and --set of the commands that load weights. Normally both are inferred from the file;
// these options overrule what was inferred.
#pragma once

#include "models/interop/weights.h"
#include "tools/commands/command_line.h"

namespace excite {

struct ModelOverrideOptions {
  std::string model, set;
};
void add_override_options(const Command& command, ModelOverrideOptions& options);
ModelOverride override_of(const ModelOverrideOptions& options);

// Prints one line to standard error that says which model was inferred from another program's file.
// Prints nothing if `origin` is empty: the file was written by excite.
void print_origin(const std::string& path, const std::string& origin);

}  // namespace excite
