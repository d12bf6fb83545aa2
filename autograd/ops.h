// The list of operations, with the formula of each. An operation takes Vars and returns a Var. Its
// function, the value and right below it the gradient, is in ops.cpp, or, where a comment names it,
// in a file of its own; fused operations are in fused/fused_ops.h. Shapes: images [N, H, W, C],
// convolution weights [R, S, C/groups, K], linear weights [in, out], logits [N, classes]. A wrong
// shape is an Error that names the operation and prints the shapes.
#pragma once
#include <vector>

#include "autograd/var.h"
#include "core/kernels/conv2d.h"
#include "core/kernels/pool.h"

namespace excite {

class Rng;

// ---- elementwise arithmetic; a and b have the same shape (nothing is broadcast) ----
Var add(const Var& a, const Var& b);   // a + b
Var sub(const Var& a, const Var& b);   // a - b
Var mul(const Var& a, const Var& b);   // a b
Var div(const Var& a, const Var& b);   // a / b
Var scale(const Var& x, real factor);  // factor x
// The same as operators.
inline Var operator+(const Var& a, const Var& b) { return add(a, b); }
inline Var operator-(const Var& a, const Var& b) { return sub(a, b); }
inline Var operator*(const Var& a, const Var& b) { return mul(a, b); }
inline Var operator/(const Var& a, const Var& b) { return div(a, b); }
inline Var operator-(const Var& x) { return scale(x, -1); }
inline Var operator*(real factor, const Var& x) { return scale(x, factor); }
inline Var operator*(const Var& x, real factor) { return scale(x, factor); }
inline Var operator/(const Var& x, real divisor) { return scale(x, 1 / divisor); }

// ---- elementwise functions ----
Var relu(const Var& x);     // max(x, 0)
Var sigmoid(const Var& x);  // 1 / (1 + exp(-x))
Var tanh(const Var& x);
Var exp(const Var& x);
Var pow(const Var& x, real exponent);  // x^exponent
Var log(const Var& x);
Var sqrt(const Var& x);
Var dropout(const Var& x, real p, Rng& rng);  // 0 with probability p, else x / (1 - p)
// More activations; activations.cpp.
Var hard_sigmoid(const Var& x);  // x / 6 + 1/2, but at least 0 and at most 1 (arXiv 1905.02244)
Var silu(const Var& x);          // x sigmoid(x), also called swish (arXiv 1702.03118)
Var gelu(const Var& x);          // x (1 + erf(x / sqrt 2)) / 2 (arXiv 1606.08415)
Var leaky_relu(const Var& x, real slope);  // x where it is positive, else slope x

// ---- products ----
Var matmul(const Var& a, const Var& b);                // [M, K] [K, N] -> [M, N]
Var add_bias(const Var& x, const Var& b);              // x[..., c] + b[c]
Var linear(const Var& x, const Var& w, const Var& b);  // x w + b: [N, in] -> [N, out]
// y[n, :] = table[indices[n], :]: table [V, D] and N indices from 0 to V - 1 -> [N, D]. A product
// of the table with one-hot rows, without the zeros.
Var embedding(const Var& table, const std::vector<int>& indices);
// [N, H, W, C] -> [N, OH, OW, K]; core/kernels/conv2d.h has the formula
Var conv2d(const Var& x, const Var& w, const Conv2dOptions& options = {});

// ---- normalization ----
// Batch norm, over all axes but the channels (Ioffe, Szegedy, arXiv 1502.03167; batch_norm.cpp):
// gamma (x - mean) / sqrt(var + eps) + beta, with the mean and (biased) var of this batch. Updates
// the running statistics: running = (1 - momentum) running + momentum batch, with the unbiased var.
constexpr double batch_norm_eps = 1e-5, batch_norm_momentum = 0.1;
Var batch_norm(const Var& x, const Var& gamma, const Var& beta, const Var& running_mean,
               const Var& running_var, double eps = batch_norm_eps,
               double momentum = batch_norm_momentum);
// The same with the running statistics in place of the batch's.
Var batch_norm_running(const Var& x, const Var& gamma, const Var& beta, const Var& running_mean,
                       const Var& running_var, double eps = batch_norm_eps);
// Layer norm, over the channels of each row or pixel (Ba et al., arXiv 1607.06450; layer_norm.cpp):
// gamma (x - mean) / sqrt(var + eps) + beta, with the mean and (biased) var of the last axis.
// x is [..., C], gamma and beta are [C].
constexpr double layer_norm_eps = 1e-5;
Var layer_norm(const Var& x, const Var& gamma, const Var& beta, double eps = layer_norm_eps);

// ---- pools ----
// Padding counts as minus infinity in the maximum.
Var max_pool2d(const Var& x, const Pool2dOptions& options);
// Padding counts as zeros in the mean, or is left out (count_padding).
Var avg_pool2d(const Var& x, const Pool2dOptions& options);
// Means and maxima of a grid of cells of nearly equal size: [N, H, W, C] ->
// [N, cells.h, cells.w, C]. Row i of the grid has the rows of x from floor(i H / cells.h) to before
// ceil((i + 1) H / cells.h), as in PyTorch.
Var adaptive_avg_pool(const Var& x, const Size2& cells);
Var adaptive_max_pool(const Var& x, const Size2& cells);
Var global_avg_pool(const Var& x);  // [N, H, W, C] -> [N, C]: SENet's squeeze
Var global_max_pool(const Var& x);  // [N, H, W, C] -> [N, C]

// ---- channels and pixels ----
// s[n, c] u[n, h, w, c] with s [N, C]: SENet's scale. Or s[c] u[..., c] with s [C].
Var scale_channels(const Var& u, const Var& s);
// [N, H, W, C1], [N, H, W, C2], ... -> [N, H, W, C1 + C2 + ...]
Var concat_channels(const std::vector<Var>& parts);
// The channels from `first` on: [..., C] -> [..., count]
Var slice_channels(const Var& x, long first, long count);
// Moves pixel (i, j) to (i + offset.h, j + offset.w). Vacated pixels become zeros.
Var shift(const Var& x, const Size2& offset);
// Moves channel g C/groups + i to i groups + g (ShuffleNet, arXiv 1707.01083).
Var channel_shuffle(const Var& x, long groups);
Var reshape(const Var& x, const Shape& shape);  // the same numbers in the same order

// ---- Shake-Shake (arXiv 1705.07485; shake.cpp): forward and backward mix differently ----
// alpha[n] a[n, ...] + (1 - alpha[n]) b[n, ...]; backward uses beta in place of alpha. a and b are
// images, alpha and beta are data, [N].
Var shake(const Var& a, const Var& b, const Var& alpha, const Var& beta);

// ---- reductions to one number ----
Var sum(const Var& x);
Var mean(const Var& x);

// ---- classification, over the last axis; losses.cpp ----
Var softmax(const Var& x);      // exp(x_i) / sum over j of exp(x_j)
Var log_softmax(const Var& x);  // the logarithm of softmax
// The mean over all images of  -sum over i of t_i log_softmax(logits)_i. A term with t_i = 0 is 0,
// even where the logit is minus infinity.
// With labels, t = (1 - smoothing) one-hot + smoothing / classes.
Var cross_entropy(const Var& logits, const std::vector<int>& labels, real smoothing = 0);
// With class weights w, [classes], t_i is multiplied by w_i, and the sum over all images is divided
// by the sum of w[labels[n]] instead of N (as in PyTorch).
Var cross_entropy(const Var& logits, const std::vector<int>& labels, const Tensor& class_weights,
                  real smoothing = 0);
Var cross_entropy(const Var& logits, const Tensor& targets);  // targets[n, :] are probabilities

// ---- losses of numbers; losses.cpp; targets have the input's shape and are data ----
Var mse_loss(const Var& x, const Tensor& targets);  // mean of (x - t)^2
inline Var mse_loss(const Var& x, const Var& targets) { return mse_loss(x, targets->value); }
// Binary cross-entropy, the mean of -t log p - (1 - t) log(1 - p) with p = sigmoid(logits).
Var bce_with_logits(const Var& logits, const Tensor& targets);
inline Var bce_with_logits(const Var& logits, const Var& targets) {
  return bce_with_logits(logits, targets->value);
}

}  // namespace excite
