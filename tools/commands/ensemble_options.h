// The options of evaluate and predict that say who looks at a picture, and how: one model or several that are fused, one view or several, and the
// names and order of the classes.
#pragma once
#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "models/ensemble.h"
#include "tools/training/ensemble.h"
#include "tools/commands/model_override.h"

namespace excite {

struct VoterOptions {
  std::vector<std::string> weights;
  std::optional<std::string> shares;  // one a file, as 2,1,1; none: all count the same
  long crops = 1;
  bool flip = false;
  std::string resize = "bilinear", labels, class_order;
  WishOptions wish;
};
void add_voter_options(CLI::App& command, VoterOptions& options);

// What a model sees of a picture; what its file does not say is as usual for ImageNet.
Frame frame_of(const TrainedModel& trained, Resize resize);

struct Voters {
  std::vector<TrainedModel> trained;  // at least one, all of the same classes
  std::vector<double> shares;
  Views views;
  Resize resize;
  std::vector<std::string> classes;   // as they are called here
  std::vector<long> order;            // class i is the models' class order[i]; empty: they have the same order
  Jury jury() const;                  // keeps references to the models
};
Voters load_voters(const VoterOptions& options);

}  // namespace excite
