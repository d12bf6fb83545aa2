// The one list of cases on which the gradient of every operation is checked: `excite-double
// gradcheck` prints it, the tests walk it. Whoever adds an operation adds a line to ops.h, a page
// to ops.cpp, and its cases here.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "autograd/var.h"
#include "core/random.h"

namespace excite {

struct OpCase {
  std::string op;    // its name in the catalogue, or "composed" for several together
  std::string name;  // what is special about it
  std::function<Var(const std::vector<Var>& in)>
      f;  // of `in` alone: each call gives the same value
  std::function<std::vector<Var>(Rng& rng)> inputs;  // away from kinks
  std::vector<int> zero = {};                        // the inputs whose gradient is zero by nature
};

const std::vector<OpCase>& op_cases();  // in the order of ops.h

}  // namespace excite
