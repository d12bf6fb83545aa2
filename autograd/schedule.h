// The learning rate, as a function of the step: up in a straight line over the warm-up, so that the
// first, wild gradients do no harm, then down, because a minimum is approached in ever smaller
// steps.
#pragma once
#include <string>
#include <vector>

namespace excite {

// With u the part of the steps after the warm-up that is done, from 0 to 1:
enum class Decay {
  constant,   // peak
  step,       // peak gamma^floor(step / every)
  multistep,  // peak gamma^(number of milestones reached)
  cosine,     // peak (1 + cos(pi u)) / 2              (Loshchilov, Hutter, arXiv 1608.03983)
  one_cycle,  // peak (1 - u)                          (after Smith, Topin, arXiv 1708.07120; the
              // momentum stays)
};
Decay parse_decay(
    const std::string& name);  // "one-cycle"; an unknown name is a UsageError that says the nearest

struct Schedule {
  Decay decay = Decay::one_cycle;
  double peak = 0.1;
  long total_steps = 1;
  long warmup_steps = 0;              // peak step / warmup_steps before the warm-up is over
  std::vector<long> milestones = {};  // multistep: steps, counted from the very first, ascending
  long every = 1;                     // step: likewise
  double gamma = 0.1;

  void validate() const;       // UsageError if a number is out of its range
  double at(long step) const;  // step counts from 0; beyond total_steps the last rate stays
};

}  // namespace excite
