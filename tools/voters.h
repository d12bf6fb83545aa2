// The options --weights and --shares of evaluate and predict: one model, or several that are fused.
#pragma once
#include <CLI/CLI.hpp>

#include "models/fusion.h"
#include "tools/wish.h"

namespace excite {

struct VoterOptions {
  std::vector<std::string> weights;
  std::vector<double> shares;  // one a file, or none: all count the same
  WishOptions wish;
};
void add_voter_options(CLI::App& command, VoterOptions& options);

struct Voters {
  std::vector<TrainedModel> trained;  // at least one, all of the same classes
  std::vector<double> shares;
  const std::vector<std::string>& classes() const { return trained.front().purpose.classes; }
};
Voters load_voters(const VoterOptions& options);

}  // namespace excite
