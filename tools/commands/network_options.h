// The network that a command looks at: a new one of a model, or that of trained weights.
#pragma once
#include <string>

#include "models/interop/weights.h"
#include "tools/commands/command_line.h"
#include "tools/commands/model_override.h"

namespace excite {

struct NetworkOptions {
  std::string model, set, weights;
  long classes = 10, image_size = 0;  // 0: the size that the model is made for
};

// --model, --set, --weights, --classes and --image-size.
void add_network_options(const Command& command, NetworkOptions& options);

// UsageError without a model and weights. `rng` draws the parameters of a new network.
TrainedModel make_network(const NetworkOptions& options, Rng& rng);

// The side of the image that the network sees, in pixels. UsageError if it is too small for it.
long image_size_for(const NetworkOptions& options, const Model& model);

// Of a command that needs trained weights.
struct WeightsOptions {
  std::string weights;
  ModelOverrideOptions overrides;
};

// --weights, which is required, --model and --set.
void add_weights_options(const Command& command, WeightsOptions& options);

// Prints what was inferred from another program's file.
TrainedModel load_network(const WeightsOptions& options);

}  // namespace excite
