// A linear layer: y = x w + b, with w [in, out].
#pragma once
#include "autograd/ops.h"
#include "core/check.h"
#include "layers/initial.h"
#include "layers/module.h"

namespace excite {

struct Linear : Module {
  Var w, b;  // b only with a bias
  Linear(long in, long out, Rng& rng, Bias with = Bias::drawn) : w(weight("weight", fan_in_uniform({in, out}, in, rng))) {
    require(in > 0 && out > 0, "Linear: ", in, " -> ", out, " numbers, expected at least 1 of each");
    if (with != Bias::none) b = bias("bias", with == Bias::zero ? zeros({out}) : fan_in_uniform({out}, in, rng));
  }
  Var operator()(const Var& x) const { return b ? linear(x, w, b) : matmul(x, w); }
};

}  // namespace excite
