// Small operations with a typical mistake, for the tests of the gradient check. Each has a correct
// backward, and the same one with the mistake.
#pragma once
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "autograd/var.h"

namespace excite {

using Inputs = std::vector<Var>;

struct SeededBug {
  std::string bug;
  std::vector<Shape> inputs;
  std::function<Var(const Inputs& in, bool bug)> op;
  std::string message = " wrong)";  // expected in the report for the mistake
};
inline std::ostream& operator<<(std::ostream& out, const SeededBug& b) { return out << b.bug; }

std::vector<SeededBug> calculus_bugs();  // formulas, sums and means
std::vector<SeededBug> layer_bugs();     // products, convolutions, batch norm, softmax, pools
std::vector<SeededBug> engine_bugs();    // the cotangent, missing gradients, changed tensors

// batch_norm of x with the factor gamma. Its gradient of x is not that through the variance.
Var batch_norm_without_variance(const Var& x, const Var& gamma);

// ---- small pieces ----

Tensor scaled(const Tensor& a, real factor);
Var elementwise(const Var& x, const std::function<real(real)>& f,
                const std::function<real(real dy, real v)>& df);

}  // namespace excite
