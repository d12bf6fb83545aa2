// Mistakes in products, convolutions, batch normalization, classification and pools.
#ifdef EXCITE_DOUBLE
#include <cmath>
#include <memory>

#include "autograd/ops.h"
#include "core/kernels/batch_norm.h"
#include "core/kernels/channels.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/matmul.h"
#include "core/kernels/softmax.h"
#include "tests/autograd/seeded_bugs.h"

namespace excite {

namespace {

const auto times = [](real u, real v) { return u * v; };
Tensor transposed(const Tensor& a) {
  Tensor b({a.dim(1), a.dim(0)});
  for (long i = 0; i < b.size(); i++) b[i] = a[i % b.dim(1) * b.dim(0) + i / b.dim(1)];
  return b;
}
Tensor reversed_taps(const Tensor& w) {  // [R, S, C, K], rotated by 180 degrees
  Tensor turned(w.shape());
  const long taps = w.dim(0) * w.dim(1), row = w.dim(2) * w.dim(3);
  for (long i = 0; i < w.size(); i++) turned[i] = w[(taps - 1 - i / row) * row + i % row];
  return turned;
}

// batch_norm with a gradient in which some parts may be left out: those through the mean and the
// variance of the batch, and the factor gamma.
struct BatchNormParts {
  real mean = 1, variance = 1, gamma = 1;  // 0 leaves the part out
};
Var batch_norm_of(const Var& x, const Var& gamma, const BatchNormParts& keep) {
  const auto m = static_cast<real>(x.shape().rows());
  const auto moments = std::make_shared<ChannelMoments>(channel_moments(x->value));
  const auto inverse =
      std::make_shared<Tensor>(map([](real v) { return 1 / std::sqrt(v + 1e-5); }, moments->var));
  const Tensor none = zeros(gamma.shape());
  return result(
      "batch_norm", affine_rows(x->value, moments->mean, map(times, gamma->value, *inverse), none),
      {x, gamma}, [=](Node& y) {
        const ChannelSums sums = channel_sums(y.grad, x->value, moments->mean);
        const Tensor a = map([=](real g, real inv) { return (keep.gamma != 0 ? g : 1) * inv; },
                             gamma->value, *inverse);
        const Tensor b =
            map([=](real factor, real dy) { return -keep.mean * factor * dy / m; }, a, sums.dy);
        const Tensor c =
            map([=](real factor, real inv,
                    real dy_x) { return -keep.variance * factor * inv * inv * dy_x / m; },
                a, *inverse, sums.dy_x);
        x.add_grad(affine_rows(x->value, moments->mean, c, b, y.grad, a));
        gamma.add_grad(map(times, sums.dy_x, *inverse));
      });
}

// conv2d with an input gradient that uses its own options and its own kernel.
Var conv2d_of(const Inputs& in, const Conv2dOptions& options, const Conv2dOptions& dx_options,
              Tensor dx_kernel) {
  const Var x = in[0], w = in[1], kernel(std::move(dx_kernel));
  return result("conv2d", conv2d(x->value, w->value, options), {x, w}, [=](Node& y) {
    x.add_grad(conv2d_dx(y.grad, kernel->value, x.shape(), dx_options));
    w.add_grad(conv2d_dw(x->value, y.grad, w.shape(), options));
  });
}

// cross_entropy with a gradient that uses its own smoothing and divisor.
Var cross_entropy_of(const Var& x, real smoothing, real back_smoothing, real back_divisor) {
  const std::vector<int> labels{0, 2, 1, 1};
  const double loss = -dot(smoothed_one_hot(labels, 3, smoothing), log_softmax(x->value)) / 4;
  return result("cross_entropy", full({}, loss), {x}, [=](Node& y) {
    const real dy = y.grad.item() / back_divisor;
    x.add_grad(map([=](real p, real t) { return dy * (p - t); }, softmax(x->value),
                   smoothed_one_hot(labels, 3, back_smoothing)));
  });
}

}  // namespace

Var batch_norm_without_variance(const Var& x, const Var& gamma) {
  return batch_norm_of(x, gamma, {.variance = 0});
}

std::vector<SeededBug> layer_bugs() {
  const Shape m{4, 3}, square{3, 3}, image{2, 5, 5, 2}, wide{2, 6, 6, 2}, kernel{3, 3, 2, 2};
  const Conv2dOptions strided{.stride = 3, .pad = 1};
  return {
      // products and convolutions
      {"weight gradient transposed",
       {{4, 3}, square},
       [](const Inputs& in, bool bug) {
         return result("matmul", matmul(in[0]->value, in[1]->value), {in[0], in[1]}, [=](Node& y) {
           in[0].add_grad(matmul_transposed_b(y.grad, in[1]->value));
           Tensor dw = matmul_transposed_a(in[0]->value, y.grad);
           in[1].add_grad(bug ? transposed(dw) : std::move(dw));
         });
       }},
      {"input gradient through w instead of its transpose",
       {{4, 3}, square},
       [](const Inputs& in, bool bug) {
         return result("matmul", matmul(in[0]->value, in[1]->value), {in[0], in[1]}, [=](Node& y) {
           in[0].add_grad(bug ? matmul(y.grad, in[1]->value)
                              : matmul_transposed_b(y.grad, in[1]->value));
           in[1].add_grad(matmul_transposed_a(in[0]->value, y.grad));
         });
       }},
      {"padding off by one",
       {wide, kernel},
       [=](const Inputs& in, bool bug) {
         return conv2d_of(in, strided, {.stride = 3, .pad = bug ? 0 : 1}, in[1]->value.clone());
       }},
      {"wrong stride",
       {wide, kernel},
       [=](const Inputs& in, bool bug) {
         return conv2d_of(in, strided, {.stride = bug ? 4 : 3, .pad = 1}, in[1]->value.clone());
       }},
      {"kernel not rotated",
       {image, kernel},
       [](const Inputs& in, bool bug) {
         return conv2d_of(in, {.pad = 1}, {.pad = 1},
                          bug ? reversed_taps(in[1]->value) : in[1]->value.clone());
       }},

      // batch normalization
      {"batch_norm without its variance term",
       {image, {2}},
       [](const Inputs& in, bool bug) {
         return batch_norm_of(in[0], in[1], {.variance = real(!bug)});
       }},
      {"batch_norm without its mean term",
       {image, {2}},
       [](const Inputs& in, bool bug) {
         return batch_norm_of(in[0], in[1], {.mean = real(!bug)});
       }},
      {"batch_norm without gamma in dx",
       {image, {2}},
       [](const Inputs& in, bool bug) {
         return batch_norm_of(in[0], in[1], {.gamma = real(!bug)});
       }},
      {"batch_norm with the unbiased variance in the gradient",
       {image, {2}},
       [](const Inputs& in, bool bug) {
         return batch_norm_of(in[0], in[1], {.variance = bug ? real(50) / 49 : 1});
       }},

      // classification
      {"softmax without the sum term",
       {m},
       [](const Inputs& in, bool bug) {
         return result("softmax", softmax(in[0]->value), {in[0]}, [=](Node& y) {
           in[0].add_grad(bug ? map(times, y.grad, y.value) : softmax_dx(y.grad, y.value));
         });
       }},
      {"log_softmax with dy as the gradient",
       {m},
       [](const Inputs& in, bool bug) {
         return result("log_softmax", log_softmax(in[0]->value), {in[0]}, [=](Node& y) {
           in[0].add_grad(bug ? y.grad.clone() : log_softmax_dx(y.grad, y.value));
         });
       }},
      {"cross-entropy without 1/N",
       {m},
       [](const Inputs& in, bool bug) {
         return cross_entropy_of(in[0], real(0.1), real(0.1), bug ? 1 : 4);
       }},
      {"cross-entropy without the smoothing",
       {m},
       [](const Inputs& in, bool bug) {
         return cross_entropy_of(in[0], real(0.1), bug ? 0 : real(0.1), 4);
       }},

      // pools and channels
      {"average pool that divides by another count",
       {image},
       [](const Inputs& in, bool bug) {
         const Pool2dOptions right{.kernel = 3, .stride = 2, .pad = 1},
             wrong{.kernel = 3, .stride = 2, .pad = 1, .count_padding = false};
         return result("avg_pool2d", avg_pool2d(in[0]->value, right), {in[0]}, [=](Node& y) {
           in[0].add_grad(avg_pool2d_dx(y.grad, in[0].shape(), bug ? wrong : right));
         });
       }},
      {"max pool whose gradient goes to the next pixel",
       {image},
       [](const Inputs& in, bool bug) {
         const auto from = std::make_shared<Tensor>();
         Tensor value = max_pool2d(in[0]->value, {.kernel = 2, .stride = 2}, *from);
         if (bug) (*from)[3] += 2;
         return result("max_pool2d", std::move(value), {in[0]},
                       [=](Node& y) { in[0].add_grad(max_pool_dx(y.grad, *from, in[0].shape())); });
       }},
      {"a gate's gradient from only one pixel",
       {{2, 1, 3, 2}, {2, 2}},
       [](const Inputs& in, bool bug) {
         return result("scale_channels", scale_channels(in[0]->value, in[1]->value), {in[0], in[1]},
                       [=](Node& y) {
                         in[0].add_grad(scale_channels(y.grad, in[1]->value));
                         Tensor ds = zeros({2, 2});
                         for (long n = 0; n < 2; n++)
                           for (long pixel = 0; pixel < (bug ? 1 : 3); pixel++)
                             for (long c = 0; c < 2; c++)
                               ds[n * 2 + c] += y.grad[(n * 3 + pixel) * 2 + c] *
                                                in[0]->value[(n * 3 + pixel) * 2 + c];
                         in[1].add_grad(std::move(ds));
                       });
       }},
      {"concatenated parts in the wrong order",
       {m, m},
       [](const Inputs& in, bool bug) {
         return result("concat", concat_rows({&in[0]->value, &in[1]->value}), {in[0], in[1]},
                       [=](Node& y) {
                         in[0].add_grad(slice_rows(y.grad, bug ? 3 : 0, 3));
                         in[1].add_grad(slice_rows(y.grad, bug ? 0 : 3, 3));
                       });
       }},
      {"a shuffle undone by the same shuffle",
       {{2, 6}},
       [](const Inputs& in, bool bug) {
         return result("shuffle", shuffle_rows(in[0]->value, 2), {in[0]},
                       [=](Node& y) { in[0].add_grad(shuffle_rows(y.grad, bug ? 2 : 3)); });
       }},
  };
}

}  // namespace excite
#endif
