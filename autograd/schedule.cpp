#include "autograd/schedule.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include "core/check.h"
#include "core/text.h"

namespace excite {

namespace {
std::string join_numbers(const std::vector<long>& numbers) {
  std::vector<std::string> words;
  for (const long number : numbers) words.push_back(std::to_string(number));
  return join_some(words);
}
}  // namespace

Decay parse_decay(const std::string& name) {
  static const std::map<std::string, Decay> decays{{"constant", Decay::constant},
                                                   {"step", Decay::step},
                                                   {"multistep", Decay::multistep},
                                                   {"cosine", Decay::cosine},
                                                   {"one-cycle", Decay::one_cycle}};
  std::vector<std::string> names;
  for (const auto& [known, unused] : decays) names.push_back(known);
  const auto found = decays.find(name);
  require<UsageError>(found != decays.end(), "there is no schedule '", name, "'",
                      suggestion(name, names), " (all: ", join(names, ", "), ")");
  return found->second;
}

void Schedule::validate() const {
  require<UsageError>(peak > 0 && std::isfinite(peak), "schedule: learning rate ", peak,
                      ", expected a finite number above 0");
  require<UsageError>(total_steps >= 1, "schedule: total_steps is ", total_steps,
                      ", expected the number of steps of the run, at least 1");
  require<UsageError>(warmup_steps >= 0 && warmup_steps <= total_steps, "schedule: a warm-up of ",
                      warmup_steps, " steps, expected 0 to ", total_steps, ", the total");
  require<UsageError>(gamma > 0 && gamma <= 1, "schedule: gamma ", gamma,
                      ", expected above 0 and at most 1");
  require<UsageError>(floor >= 0 && floor <= peak, "schedule: a last learning rate of ", floor,
                      ", expected 0 to ", peak, ", the peak");
  require<UsageError>(every >= 1 || (every == 0 && decay != Decay::step),
                      "schedule: a decay every ", every, " steps, expected at least 1");
  require<UsageError>(decay != Decay::multistep || !milestones.empty(),
                      "schedule: multistep without milestones, expected numbers of steps");
  require<UsageError>(std::is_sorted(milestones.begin(), milestones.end()) &&
                          (milestones.empty() || milestones.front() >= 0),
                      "schedule: milestones ", join_numbers(milestones),
                      ", expected numbers of steps in ascending order");
}

double Schedule::at(long step) const {
  validate();
  require<UsageError>(step >= 0, "schedule: the rate at step ", step, ", expected at least 0");
  if (step < warmup_steps)
    return peak * static_cast<double>(step) / static_cast<double>(warmup_steps);
  const double rest = static_cast<double>(std::max(1L, total_steps - warmup_steps));
  const double left = static_cast<double>(std::max(0L, total_steps - step)) / rest;  // 1 - u
  const auto reached =
      std::upper_bound(milestones.begin(), milestones.end(), step) - milestones.begin();
  switch (decay) {
    case Decay::constant: return peak;
    case Decay::step: return peak * std::pow(gamma, static_cast<double>(step / every));
    case Decay::multistep: return peak * std::pow(gamma, static_cast<double>(reached));
    case Decay::cosine: return floor + (peak - floor) * (1 - std::cos(std::numbers::pi * left)) / 2;
    case Decay::one_cycle: return floor + (peak - floor) * left;
  }
  return peak;
}

}  // namespace excite
