// The list of operations, with the formula of each. An operation takes Vars and returns a Var. Its
// function, the value and right below it the gradient, is in ops.cpp, batch_norm.cpp or shake.cpp;
// fused operations are in fused/fused_ops.h. Shapes: images [N, H, W, C], convolution weights
// [R, S, C/groups, K], linear weights [in, out], logits [N, classes]. A wrong shape is an Error
// that names the operation and prints the shapes.
#pragma once
#include <vector>

#include "autograd/var.h"
#include "core/kernels/conv2d.h"
#include "core/kernels/pool.h"

namespace excite {

class Rng;

// ---- elementwise arithmetic; a and b have the same shape ----
Var add(const Var& a, const Var& b);   // a + b
Var sub(const Var& a, const Var& b);   // a - b
Var mul(const Var& a, const Var& b);   // a b
Var scale(const Var& x, real factor);  // factor x
Var relu(const Var& x);                // max(x, 0)
Var sigmoid(const Var& x);             // 1 / (1 + exp(-x))
Var tanh(const Var& x);
Var exp(const Var& x);
Var log(const Var& x);
Var sqrt(const Var& x);
Var dropout(const Var& x, real p, Rng& rng);  // 0 with probability p, else x / (1 - p)

// ---- products ----
Var matmul(const Var& a, const Var& b);                // [M, K] [K, N] -> [M, N]
Var add_bias(const Var& x, const Var& b);              // x[..., c] + b[c]
Var linear(const Var& x, const Var& w, const Var& b);  // x w + b: [N, in] -> [N, out]
// [N, H, W, C] -> [N, OH, OW, K]; core/kernels/conv2d.h has the formula
Var conv2d(const Var& x, const Var& w, const Conv2dOptions& options = {});

// ---- normalization over all axes but the channels (Ioffe, Szegedy, arXiv 1502.03167) ----
// gamma (x - mean) / sqrt(var + eps) + beta, with the mean and (biased) var of this batch. Updates
// the running statistics: running = (1 - momentum) running + momentum batch, with the unbiased var.
constexpr double batch_norm_eps = 1e-5, batch_norm_momentum = 0.1;
Var batch_norm(const Var& x, const Var& gamma, const Var& beta, const Var& running_mean,
               const Var& running_var, double eps = batch_norm_eps,
               double momentum = batch_norm_momentum);
// The same with the running statistics in place of the batch's.
Var batch_norm_running(const Var& x, const Var& gamma, const Var& beta, const Var& running_mean,
                       const Var& running_var, double eps = batch_norm_eps);

// ---- pools ----
// Padding counts as minus infinity in the maximum.
Var max_pool2d(const Var& x, const Pool2dOptions& options);
// Padding counts as zeros in the mean, or is left out (count_padding).
Var avg_pool2d(const Var& x, const Pool2dOptions& options);
Var adaptive_avg_pool(const Var& x, long side);  // means of side x side cells of nearly equal size
Var global_avg_pool(const Var& x);               // [N, H, W, C] -> [N, C]: SENet's squeeze
Var global_max_pool(const Var& x);               // [N, H, W, C] -> [N, C]

// ---- channels and pixels ----
Var scale_channels(const Var& u, const Var& s);  // s[n, c] u[n, h, w, c]: SENet's scale
// [N, H, W, C1], [N, H, W, C2], ... -> [N, H, W, C1 + C2 + ...]
Var concat_channels(const std::vector<Var>& parts);
// Moves pixel (i, j) to (i + offset.h, j + offset.w). Vacated pixels become zeros.
Var shift(const Var& x, const Size2& offset);
// Moves channel g C/groups + i to i groups + g (ShuffleNet, arXiv 1707.01083).
Var channel_shuffle(const Var& x, long groups);
Var reshape(const Var& x, const Shape& shape);  // the same numbers in the same order

// ---- Shake-Shake (arXiv 1705.07485): forward and backward mix with different weights ----
// alpha[n] a[n, ...] + (1 - alpha[n]) b[n, ...]; backward uses beta in place of alpha. a and b are
// images, alpha and beta are data, [N].
Var shake(const Var& a, const Var& b, const Var& alpha, const Var& beta);

// ---- reductions to one number ----
Var sum(const Var& x);
Var mean(const Var& x);

// ---- classification; over the last axis ----
Var softmax(const Var& x);      // exp(x_i) / sum over j of exp(x_j)
Var log_softmax(const Var& x);  // the logarithm of softmax
// The mean over all images of  -sum over i of t_i log_softmax(logits)_i.
// With labels, t = (1 - smoothing) one-hot + smoothing / classes.
Var cross_entropy(const Var& logits, const std::vector<int>& labels, real smoothing = 0);
Var cross_entropy(const Var& logits, const Tensor& targets);  // targets[n, :] are probabilities

}  // namespace excite
