// Is a gradient right? Compares what backward says with what happens when an input is nudged. Needs
// the double library: rounding alone makes a float check of batch_norm(conv2d(x, w)) err by 2e-4,
// as much as many a real mistake; double errs by 5e-10.
#pragma once
#include <functional>
#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

#include "autograd/var.h"

namespace excite {

struct GradcheckReport {
  bool ok = false;
  double worst = 0;      // the largest error there was
  std::string worst_at;  // and where: "input 1 [3], element [2]"
  long checked = 0;      // how many derivatives were compared
  long kinks = 0;        // how many were not, because the function has a kink there
  std::string message;   // what is wrong, a line for each input; empty if nothing is
};
std::ostream& operator<<(std::ostream&, const GradcheckReport&);

struct GradcheckOptions {
  double tolerance = 1e-7;
  double step = 6e-6;  // times max(1, |x|); about the cube root of double's epsilon, where rounding
                       // and curvature err alike
  std::vector<int> zero_by_nature = {};  // inputs that cannot change y, such as a bias before
                                         // batch_norm: their gradient must be zero
  long seed = 0;                         // of the cotangent
};

// Compares every element of every input's gradient with central differences of the loss <r,
// f(inputs)>, where r is random: with sum(f) for a loss, that of a batch_norm is zero whatever its
// mistakes. The error is
//
//   |analytic - numeric| / max(largest |gradient| of the input, 1e-3 of the largest over all
//   inputs).
//
// Where it exceeds the tolerance, other steps are tried: a large one may reach over a kink nearby,
// a small one drown in rounding. A kink in the very point is told by its differences to the left
// and to the right, which stay apart by the same amount however small the step; it is skipped if
// the gradient lies between them, and counted: more than 1 % of an input's elements is a failure.
// So is a gradient that is missing, all zero, not finite or shares its memory, a backward that
// changes an input of its op, and a second run that gives other bits.
//
// The inputs are copied and all need a gradient; what f captures beside them is data. What f throws
// is in the report.
GradcheckReport check_gradient(const std::function<Var(const std::vector<Var>&)>& f,
                               std::vector<Var> inputs, const GradcheckOptions& options = {});

struct ModelGradcheckOptions {
  double tolerance = 1e-6;
  double step = 6e-6;
  long elements = 20;    // of each parameter, drawn at random; all of a smaller one
  long directions = 20;  // in the space of all parameters together
  std::function<bool(const std::string& name)> zero_by_nature =
      {};  // parameters whose gradient must be zero
  long seed = 0;
};

// The same for a whole model, whose parameters are too many to nudge each. f computes a loss, or
// any output, from the parameters' values as they stand (dropout must draw the same masks each
// time). A direction's error is relative to |gradient| / sqrt(n), the size of a typical derivative
// along a direction of length 1. More than 1 % of kinks among all that is compared is a failure.
// Afterwards the parameters have their old values, and no gradients.
GradcheckReport check_model_gradient(const std::function<Var()>& f,
                                     const std::vector<std::pair<std::string, Var>>& parameters,
                                     const ModelGradcheckOptions& options = {});

}  // namespace excite
