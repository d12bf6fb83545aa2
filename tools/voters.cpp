#include "tools/voters.h"

#include "core/check.h"

namespace excite {

void add_voter_options(CLI::App& command, VoterOptions& o) {
  command.add_option("--weights", o.weights,
                     "a .safetensors file of train or of another program; of several, one --weights each, the probabilities are averaged")
      ->required()
      ->allow_extra_args(false);
  command.add_option("--shares", o.shares, "how much each of several files counts, as 2,1,1 [all the same]")->delimiter(',')->allow_extra_args(false);
  add_wish_options(command, o.wish);
}

Voters load_voters(const VoterOptions& o) {
  require<UsageError>(o.shares.empty() || o.shares.size() == o.weights.size(), "--shares has ", o.shares.size(), " numbers for ", o.weights.size(),
                      " files of --weights, expected one each");
  for (const double share : o.shares) require<UsageError>(share > 0 && share < 1e9, "--shares has ", share, ", expected a number above 0");
  std::vector<TrainedModel> trained = load_models(o.weights, wish_of(o.wish));
  for (std::size_t m = 0; m < trained.size(); m++) say_origin(o.weights[m], trained[m].origin);
  return {std::move(trained), o.shares.empty() ? std::vector<double>(o.weights.size(), 1) : o.shares};
}

}  // namespace excite
