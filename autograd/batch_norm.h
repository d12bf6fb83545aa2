// What the operations that normalize by batch statistics share; ops.h declares them.
#pragma once
#include "autograd/var.h"
#include "core/kernels/batch_norm.h"

namespace excite {

struct NormVars {
  const Var &x, &gamma, &beta, &running_mean, &running_var;
};

// Errors that begin with the op's name. A batch needs two values a channel, or there is no
// variance.
void require_norm(const char* op, const NormVars& vars, double eps);
void require_batch(const char* op, const NormVars& vars, double eps);

// running = (1 - momentum) running + momentum batch, where the variance is the unbiased one
void move_running(const NormVars& vars, const ChannelMoments& batch, double momentum);

// For each element: mean 1, variance 3, a (x - mean) + b 3. Backward: two sums 1 + 3, dx 5.
inline Arithmetic batch_norm_arithmetic(long elements) {
  return {.flops = 7 * elements, .backward_flops = 9 * elements};
}

// z = batch_norm(x) = a (x - mean) + beta,  a = gamma inverse,  inverse = 1 / sqrt(var + eps)
struct Normalized {
  Tensor mean, inverse, a;
  Normalized(const NormVars& vars, const ChannelMoments& moments, double eps);
};

// With e the gradient of z, and m values a channel:  dx = a e + slope (x - mean) + shift  and
// dgamma = inverse sum e (x - mean).
struct NormGradient {
  Tensor slope, shift;  // -a inverse^2 sum e (x - mean) / m,  -a sum e / m
  Tensor dgamma;
  NormGradient(const Normalized& z, const ChannelSums& e, long m);
};

}  // namespace excite
