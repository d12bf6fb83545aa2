// The options --model and --set of commands that load weights: what a file is to be taken for, whatever it says itself.
#pragma once
#include <CLI/CLI.hpp>

#include "models/interop/weights.h"

namespace excite {

struct WishOptions {
  std::string model, set;
};
void add_wish_options(CLI::App& command, WishOptions& options);
Wish wish_of(const WishOptions& options);

// Of a file that another program has written, a line on standard error: as what it was read.
void say_origin(const std::string& path, const std::string& origin);

}  // namespace excite
