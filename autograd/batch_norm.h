// What batch_norm shares with the fused operations that contain it. ops.h declares batch_norm.
#pragma once
#include "autograd/var.h"
#include "core/kernels/batch_norm.h"

namespace excite {

// The inputs of batch norm: x [..., C] and four of shape [C].
struct BatchNormInputs {
  const Var &x, &gamma, &beta, &running_mean, &running_var;
};

// Throws an Error if shapes do not match or eps is invalid. The text begins with the operation's
// name.
void require_batch_norm(const char* op, const BatchNormInputs& inputs, double eps);
// The same for training: a variance needs at least two values per channel.
void require_batch_statistics(const char* op, const BatchNormInputs& inputs, double eps);

// running = (1 - momentum) running + momentum batch, with the unbiased variance of the batch
void update_running_stats(const BatchNormInputs& inputs, const ChannelMoments& batch,
                          double momentum);

// Operations per element. Forward: mean 1, variance 3, a (x - mean) + beta 3. Backward: the two
// sums 1 + 3, dx 5.
inline Arithmetic batch_norm_arithmetic(long elements) {
  return {.flops = 7 * elements, .backward_flops = 9 * elements};
}

// The factors in  z = batch_norm(x) = a (x - mean) + beta,  a = gamma inv_std,
// inv_std = 1 / sqrt(var + eps); [C] each.
struct BatchNormFactors {
  Tensor mean, inv_std, a;
  BatchNormFactors(const BatchNormInputs& inputs, const ChannelMoments& moments, double eps);
};

// The factors in the gradient. With e = d loss / d z and m values per channel:
//   dx = a e + slope (x - mean) + shift
//   slope = -a inv_std^2 sum(e (x - mean)) / m,    shift = -a sum(e) / m
//   dgamma = inv_std sum(e (x - mean))
struct BatchNormGradient {
  Tensor slope, shift, dgamma;  // [C] each
  BatchNormGradient(const BatchNormFactors& z, const ChannelSums& e, long m);
};

}  // namespace excite
