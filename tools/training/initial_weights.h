// Pretrained weights with which a run starts.
#pragma once
#include <string>
#include <vector>

#include "models/model.h"

namespace excite {

struct InitialWeights {
  std::string file;       // a .safetensors file of this program or another; empty: none
  bool new_head = false;  // initialize the classifier at random, for other classes than the file's
};

// Loads the file's weights into the model, and returns a line that says what was loaded. FileError
// if they do not fit; UsageError if the classes of the file are not those of the images, and the
// classifier is to be loaded too.
std::string read_initial_weights(const InitialWeights& initial_weights, Model& model,
                                 const std::vector<std::string>& data_classes);

}  // namespace excite
