// The options --model and --set of commands that load weights: what a file is to be taken for,
// whatever it says itself.
#pragma once
#include <CLI/CLI.hpp>

#include "models/interop/weights.h"

namespace excite {

struct ModelOverrideOptions {
  std::string model, set;
};
void add_override_options(CLI::App& command, ModelOverrideOptions& options);
ModelOverride override_of(const ModelOverrideOptions& options);

// Of a file that another program has written, a line on standard error: as what it was read.
void say_origin(const std::string& path, const std::string& origin);

}  // namespace excite
