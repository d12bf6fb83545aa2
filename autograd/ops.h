// The catalogue of operations: one formula a line. Each takes Vars and returns a Var; its page, the
// value and right under it the gradient, is in ops.cpp (normalization and shake in files of their
// names; several in one: fused.h). Shapes: images [N, H, W, C], convolution weights [R, S,
// C/groups, K], linear weights [in, out], logits [N, classes]. An input of a wrong shape is an
// Error that names the op and prints both.
#pragma once
#include <vector>

#include "autograd/var.h"
#include "core/kernels/conv2d.h"
#include "core/kernels/pool.h"

namespace excite {

class Rng;

// ---- arithmetic, number by number; a and b of the same shape ----
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
Var matmul(const Var& a, const Var& b);    // [M, K] [K, N] -> [M, N]
Var add_bias(const Var& x, const Var& b);  // x[..., c] + b[c]
Var linear(const Var& x, const Var& w,
           const Var& b);  // x w + b:  [N, in] [in, out] [out] -> [N, out]
Var conv2d(const Var& x, const Var& w, const Conv2dOptions& options = {});

// ---- normalization, over all but the channels (Ioffe, Szegedy, arXiv 1502.03167) ----
// gamma (x - mean) / sqrt(var + eps) + beta, with mean and (biased) var of this batch. Moves the
// running statistics towards the batch's: running = (1 - momentum) running + momentum batch, where
// the variance is the unbiased one.
constexpr double batch_norm_eps = 1e-5, batch_norm_momentum = 0.1;
Var batch_norm(const Var& x, const Var& gamma, const Var& beta, const Var& running_mean,
               const Var& running_var, double eps = batch_norm_eps,
               double momentum = batch_norm_momentum);
// The same with the running statistics in place of the batch's.
Var batch_norm_running(const Var& x, const Var& gamma, const Var& beta, const Var& running_mean,
                       const Var& running_var, double eps = batch_norm_eps);

// ---- pools ----
Var max_pool2d(const Var& x, const Pool2dOptions& options);  // padding counts as minus infinity
Var avg_pool2d(
    const Var& x,
    const Pool2dOptions& options);  // padding counts as zeros, or not at all (count_padding)
Var adaptive_avg_pool(const Var& x, long side);  // to side x side cells, as equal as can be
Var global_avg_pool(const Var& x);               // [N, H, W, C] -> [N, C]: SENet's squeeze
Var global_max_pool(const Var& x);               // [N, H, W, C] -> [N, C]

// ---- channels and pixels ----
Var scale_channels(const Var& u, const Var& s);  // s[n, c] u[n, h, w, c]: SENet's scale
Var concat_channels(const std::vector<Var>&
                        parts);  // [N, H, W, C1], [N, H, W, C2], ... -> [N, H, W, C1 + C2 + ...]
Var shift(const Var& x,
          const Size2& by);  // pixel (i, j) goes to (i + by.h, j + by.w); zeros come in behind it
Var channel_shuffle(
    const Var& x,
    long groups);  // channel g C/groups + i goes to i groups + g (ShuffleNet, arXiv 1707.01083)
Var reshape(const Var& x, const Shape& shape);  // the same numbers in the same order

// ---- a mixture whose gradient is another's; alpha and beta: [N], data ----
// alpha[n] a[n, ...] + (1 - alpha[n]) b[n, ...], but backward as if alpha were beta (Shake-Shake,
// arXiv 1705.07485). a and b are images.
Var shake(const Var& a, const Var& b, const Var& alpha, const Var& beta);

// ---- reductions, to one number ----
Var sum(const Var& x);
Var mean(const Var& x);

// ---- classification; over the innermost axis ----
Var softmax(const Var& x);      // exp(x_i) / sum over j of exp(x_j)
Var log_softmax(const Var& x);  // log of it
// Mean over the images of  -sum over i of t_i log_softmax(logits)_i.  With labels, t is (1 -
// smoothing) one-hot + smoothing / classes.
Var cross_entropy(const Var& logits, const std::vector<int>& labels, real smoothing = 0);
Var cross_entropy(const Var& logits, const Tensor& targets);  // targets[n, :] are probabilities

}  // namespace excite
