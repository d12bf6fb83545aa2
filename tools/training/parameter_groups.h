// Which parameters of a model a run trains, and at which learning rate: freezing, a factor for the
// classifier, and rates that fall from the last layer to the first.
#pragma once
#include <string>
#include <vector>

#include "layers/parameters.h"
#include "models/model.h"
#include "tools/training/recipe.h"

namespace excite {

// Sets requires_grad to false for the parameters that recipe.freeze names, and returns all that
// require a gradient then. Their lr_factor is the product of head_lr_factor, for the classifier,
// and layer_decay^d, where d counts the layers from the last one, 0, to the first. UsageError if a
// pattern matches no parameter, or if nothing is left to train.
std::vector<Parameter> parameters_to_train(const Recipe& recipe, const Model& model);

// The layer that a parameter belongs to: its block, or else its layer outside of blocks.
// layer1.0.conv1.weight is in layer1.0, and fc.bias in fc.
std::string layer_in_network(const std::string& parameter);

// The patterns match whole names and beginnings that end at a dot, with * for any characters:
// layer1 and layer1.* match layer1.0.conv1.weight.
bool matches_pattern(const std::string& parameter, const std::string& pattern);

}  // namespace excite
