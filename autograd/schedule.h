// The learning rate as a function of the step. It rises in a straight line during the warm-up, so
// that large first gradients do no harm. Then it falls, because a minimum is approached in ever
// smaller steps.
#pragma once
#include <string>
#include <vector>

namespace excite {

// The rate after the warm-up. u is the fraction of those steps that is done, from 0 to 1.
enum class Decay {
  constant,   // peak
  step,       // peak gamma^floor(step / every)
  multistep,  // peak gamma^(number of milestones reached)
  // With a floor, these two fall from the peak to it: floor + (peak - floor) f.
  cosine,     // f = (1 + cos(pi u)) / 2 (Loshchilov, Hutter, arXiv 1608.03983)
  one_cycle,  // f = 1 - u (after Smith, Topin, arXiv 1708.07120, but with constant momentum)
};
// "one-cycle" -> Decay::one_cycle. An unknown name is a UsageError that suggests the closest match.
Decay parse_decay(const std::string& name);

struct Schedule {
  Decay decay = Decay::one_cycle;
  double peak = 0.1;
  long total_steps = 0;               // always needed
  long warmup_steps = 0;              // during the warm-up the rate is peak step / warmup_steps
  std::vector<long> milestones = {};  // multistep: ascending, counted from the start of the run
  long every = 0;                     // step: number of steps between two factors gamma
  double gamma = 0.1;
  double floor = 0;  // the rate at the end of cosine and one-cycle

  // UsageError if a number is out of its range, or one that the schedule needs was not given.
  void validate() const;
  // step counts from 0; after total_steps the last rate stays. UsageError as validate.
  double at(long step) const;
};

}  // namespace excite
