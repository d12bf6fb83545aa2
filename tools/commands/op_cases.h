// The list of cases on which the gradient of every operation is checked, by `excite-double
// gradcheck` and by the tests. A new operation is added in three places: declared in
// autograd/ops.h, defined in autograd/ops.cpp, and given its cases here.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "autograd/var.h"
#include "core/random.h"

namespace excite {

struct OpCase {
  std::string op;    // name of the operation, or "composed" for several together
  std::string name;  // shapes and options of the case
  // Computes the operation from `in` alone: each call gives the same value.
  std::function<Var(const std::vector<Var>& in)> f;
  std::function<std::vector<Var>(Rng& rng)> inputs;  // drawn away from kinks
  std::vector<int> zero_gradient = {};               // inputs whose gradient is zero in theory
};

const std::vector<OpCase>& op_cases();  // in the order of ops.h

}  // namespace excite
