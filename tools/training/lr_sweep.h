// A sweep of learning rates: steps at rates that grow by the same factor each time (Smith, arXiv
// 1506.01186). Where the loss falls fastest, the rate is large enough to learn and small enough to
// be stable.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "tools/training/step.h"

namespace excite {

struct LrSweepOptions {
  double first = 1e-4, last = 10;
  long steps = 100;
};

struct LrPoint {
  double lr, loss;  // of the batch, before the step at this rate
  double smoothed;  // the mean of this loss and those before, with weights 1, 0.9, 0.81, ...
};

struct LrSweep {
  std::vector<LrPoint> points;
  double exploded_at =
      0;  // the rate at which the loss exploded, which ended the sweep; 0: it did not
};

// UsageError unless 0 < first < last and steps >= 10.
void check_sweep(const LrSweepOptions& options);

// Changes the weights. It ends early where the smoothed loss exceeds four times its minimum, or is
// not finite. `stop` is asked before each step. UsageError as check_sweep.
LrSweep sweep_learning_rates(TrainingStep& step, const LrSweepOptions& options,
                             const std::function<bool()>& stop = {});

struct LrSuggestion {
  double lr = 0;  // 0: there is none
  std::string reason;
};
// The rate at which a line through the smoothed losses of nearby rates, drawn over the logarithm of
// the rate, falls most steeply; only rates before the lowest loss count.
LrSuggestion suggest_learning_rate(const LrSweep& sweep);

}  // namespace excite
