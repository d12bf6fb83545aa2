// Batch normalization: uses the batch's own statistics in training, the running ones in evaluation.
// It is frozen if neither gamma nor beta requires a gradient: then it uses the running statistics
// in training too, and leaves them as they are.
#pragma once
#include "autograd/ops.h"
#include "layers/module.h"

namespace excite {

struct BatchNorm2d : Module {
  Var gamma, beta, running_mean, running_var;  // [C] each
  double eps;
  explicit BatchNorm2d(long channels, double epsilon = batch_norm_eps)
      : gamma(bias("weight", full({channels}, 1))),
        beta(bias("bias", zeros({channels}))),
        running_mean(buffer("running_mean", zeros({channels}))),
        running_var(buffer("running_var", full({channels}, 1))),
        eps(epsilon) {}
  bool is_frozen() const { return !gamma.requires_grad() && !beta.requires_grad(); }
  Var operator()(const Var& x, Mode mode) const {
    return in_layer(gamma, [&] {
      return mode == Mode::train && !is_frozen()
                 ? batch_norm(x, gamma, beta, running_mean, running_var, eps)
                 : batch_norm_running(x, gamma, beta, running_mean, running_var, eps);
    });
  }
};

}  // namespace excite
