// For each model of the list: how many of a file's tensors it cannot have, whatever its options
// are. This is found without building the models, so that few of them have to be built and compared
// with the file.
#pragma once
#include <string>
#include <vector>

#include "models/interop/tensor_shapes.h"

namespace excite {

struct Candidate {
  std::string model;
  bool is_small;                  // one of the small variants, which are internal
  std::string classifier;         // the name of its last layer
  std::size_t least_differences;  // from the file's tensors, with any options that are inferred
  bool fits_in_depth;             // false: with no number of blocks can all of its tensors fit
};

// All models and their small variants, in the order of the list. The first call builds each model
// once, without numbers.
std::vector<Candidate> candidates(const TensorShapes& shapes);

}  // namespace excite
