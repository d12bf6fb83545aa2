// Layer normalization: each row or pixel is normalized over its channels, the same way in training
// and in evaluation.
#pragma once
#include "autograd/ops.h"
#include "layers/module.h"

namespace excite {

struct LayerNorm : Module {
  Var gamma, beta;  // [C] each
  double eps;
  explicit LayerNorm(long channels, double epsilon = layer_norm_eps)
      : gamma(bias("weight", full({channels}, 1))),
        beta(bias("bias", zeros({channels}))),
        eps(epsilon) {
    require(channels > 0, "LayerNorm: ", channels, " channels, expected at least 1");
  }
  Var operator()(const Var& x) const {  // [..., C] -> the same shape
    return in_layer(gamma, [&] { return layer_norm(x, gamma, beta, eps); });
  }
};

}  // namespace excite
