// Finds the network that a file's tensors belong to, by their names and shapes; and the other
// programs that have the same network.
//
// Shapes are not enough: the tensors of timm's seresnet50 and legacy_seresnet50 have the same
// shapes, but the networks have their strides at different places. Their names differ.
#pragma once
#include <string>

#include "models/interop/tensor_shapes.h"
#include "models/model.h"

namespace excite {

struct Recognized {
  std::string model;
  Settings options;  // inferred from names, shapes and dialect; the others are the defaults
  long classes;
  std::size_t differences;  // tensors that do not fit; 0: all names and shapes match
};

// The first model of the list that has these tensors; or else the first of another depth, which is
// its option `blocks`. If none has, the listed model with the fewest differences; small variants
// count only where they fit exactly. With a name: that model. Options that are given are not
// inferred.
Recognized recognize(const TensorShapes& shapes, const Dialect& dialect,
                     const std::string& name = "", const Settings& options = {});

// The dialect of this name for writing the model's weights. UsageError if there is no such dialect,
// or if its program has no such network: the error says how they differ, and which dialects do
// have it.
const Dialect& dialect_for_export(const std::string& name, const Model& model);

}  // namespace excite
