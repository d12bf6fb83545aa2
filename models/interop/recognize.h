// Which network a file's tensors are, told by their names and shapes; and which other programs have
// the same network.
//
// Shapes do not tell all: timm's seresnet50 and legacy_seresnet50 have the same, and differ by
// where they have their strides. The names do.
#pragma once
#include <string>

#include "models/interop/outline.h"
#include "models/zoo/registry.h"

namespace excite {

struct Recognized {
  std::string model;
  Settings options;  // what names, shapes and dialect tell; all others are the model's defaults
  long classes;
  std::size_t differences;  // 0: all names and shapes are as they should be; else it is the nearest
                            // of the list, or what was asked for
};

// A model that has these tensors, the first of the list if several have. With a name, that one.
// Options that are given count, whatever shapes tell.
Recognized recognize(const Outline& outline, const Dialect& dialect, const std::string& name = "",
                     const Settings& options = {});

// A dialect by its name, in which somebody who reads the weights has the same network. UsageError
// if there is none, that says how they differ and which dialects have it.
const Dialect& dialect_with(const std::string& name, const Model& model);

}  // namespace excite
