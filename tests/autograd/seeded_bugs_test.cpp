// Tests of the gradient checker itself. Each case is a small operation with a correct backward, and
// the same operation with a typical mistake. The first must pass, the second must fail.
#include <gtest/gtest.h>

#ifdef EXCITE_DOUBLE

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "core/kernels/batch_norm.h"
#include "core/kernels/channels.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/matmul.h"
#include "core/kernels/softmax.h"
#include "core/random.h"

namespace excite {
namespace {

using Inputs = std::vector<Var>;

struct Case {
  std::string bug;
  std::vector<Shape> inputs;
  std::function<Var(const Inputs& in, bool bug)> op;
  std::string message = " wrong)";  // expected in the report for the mistake
};
std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.bug; }

// ---- small pieces ----

const auto times = [](real u, real v) { return u * v; };
Tensor scaled(const Tensor& a, real factor) {
  return map([=](real v) { return factor * v; }, a);
}
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

Var elementwise(const Var& x, const std::function<real(real)>& f,
                const std::function<real(real dy, real v)>& df) {
  return result("elementwise", map(f, x->value), {x},
                [=](Node& y) { x.add_grad(map(df, y.grad, x->value)); });
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

// y[i] = x[i] + x[i + 1]: windows that overlap.
Var sum_of_neighbors(const Var& x, bool overwrite) {
  Tensor value({x.shape()[0] - 1});
  for (long i = 0; i < value.size(); i++) value[i] = x->value[i] + x->value[i + 1];
  return result("neighbors", std::move(value), {x}, [=](Node& y) {
    Tensor dx = zeros(x.shape());
    for (long i = 0; i < y.grad.size(); i++) {
      dx[i] = overwrite ? y.grad[i] : dx[i] + y.grad[i];
      dx[i + 1] += y.grad[i];
    }
    x.add_grad(std::move(dx));
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

// ---- the mistakes ----

std::vector<Case> cases() {
  const Shape v{5}, m{4, 3}, square{3, 3}, image{2, 5, 5, 2}, wide{2, 6, 6, 2}, kernel{3, 3, 2, 2};
  const Conv2dOptions strided{.stride = 3, .pad = 1};
  return {
      // a formula of calculus
      {"wrong sign",
       {v, v},
       [](const Inputs& in, bool bug) {
         return result("sub", map([](real a, real b) { return a - b; }, in[0]->value, in[1]->value),
                       {in[0], in[1]}, [=](Node& y) {
                         in[0].add_grad(y.grad.clone());
                         in[1].add_grad(scaled(y.grad, bug ? 1 : -1));
                       });
       }},
      {"sigmoid without its factor 1 - s",
       {v},
       [](const Inputs& in, bool bug) {
         return result(
             "sigmoid", map([](real x) { return 1 / (1 + std::exp(-x)); }, in[0]->value), {in[0]},
             [=](Node& y) {
               in[0].add_grad(map([=](real dy, real s) { return bug ? dy * s : dy * s * (1 - s); },
                                  y.grad, y.value));
             });
       }},
      {"tanh with 1 + t^2",
       {v},
       [](const Inputs& in, bool bug) {
         return elementwise(
             in[0], [](real x) { return std::tanh(x); },
             [=](real dy, real x) {
               return dy * (1 + (bug ? 1 : -1) * std::tanh(x) * std::tanh(x));
             });
       }},
      {"square without its factor 2",
       {v},
       [](const Inputs& in, bool bug) {
         return elementwise(
             in[0], [](real x) { return x * x; },
             [=](real dy, real x) { return (bug ? 1 : 2) * x * dy; });
       }},
      {"relu that passes every gradient",
       {v},
       [](const Inputs& in, bool bug) {
         return elementwise(
             in[0], [](real x) { return std::max(x, real(0)); },
             [=](real dy, real x) { return bug || x > 0 ? dy : 0; });
       }},
      {"relu that also depends on the sign of the gradient",
       {m},
       [](const Inputs& in, bool bug) {
         return elementwise(
             in[0], [](real x) { return std::max(x, real(0)); },
             [=](real dy, real x) { return x > 0 && (!bug || dy > 0) ? dy : 0; });
       }},
      {"relu6 without its upper bound",
       {m},
       [](const Inputs& in, bool bug) {
         return elementwise(
             in[0], [](real x) { return std::clamp(6 * x, real(0), real(6)); },
             [=](real dy, real x) { return x > 0 && (bug || x < 1) ? 6 * dy : 0; });
       }},
      {"a factor of 1 + 1e-6",
       {v},
       [](const Inputs& in, bool bug) {
         return elementwise(
             in[0], [](real x) { return std::exp(x); },
             [=](real dy, real x) { return (bug ? 1 + 1e-6 : 1) * dy * std::exp(x); });
       }},
      {"a product with only one of its two terms",
       {v},
       [](const Inputs& in, bool bug) {
         return elementwise(
             in[0], [](real x) { return x * std::sin(x); },
             [=](real dy, real x) { return dy * (std::sin(x) + (bug ? 0 : x * std::cos(x))); });
       }},
      {"swapped gradients of two inputs",
       {v, v},
       [](const Inputs& in, bool bug) {
         return result("mul", map(times, in[0]->value, in[1]->value), {in[0], in[1]}, [=](Node& y) {
           in[bug ? 1 : 0].add_grad(map(times, y.grad, in[1]->value));
           in[bug ? 0 : 1].add_grad(map(times, y.grad, in[0]->value));
         });
       }},

      // sums and means
      {"mean without 1/N",
       {m},
       [](const Inputs& in, bool bug) {
         return result("mean", full({}, sum(in[0]->value) / 12), {in[0]}, [=](Node& y) {
           in[0].add_grad(full(in[0].shape(), y.grad.item() / (bug ? 1 : 12)));
         });
       }},
      {"bias gradient averaged over the rows",
       {m, {3}},
       [](const Inputs& in, bool bug) {
         return result("add_bias", add_rows(in[0]->value, in[1]->value), {in[0], in[1]},
                       [=](Node& y) {
                         in[0].add_grad(y.grad.clone());
                         in[1].add_grad(scaled(sum_rows(y.grad), bug ? 0.25 : 1));
                       });
       }},
      {"bias gradient of the first row only",
       {m, {3}},
       [](const Inputs& in, bool bug) {
         return result("add_bias", add_rows(in[0]->value, in[1]->value), {in[0], in[1]},
                       [=](Node& y) {
                         in[0].add_grad(y.grad.clone());
                         in[1].add_grad(bug ? Tensor({3}, {y.grad[0], y.grad[1], y.grad[2]})
                                            : sum_rows(y.grad));
                       });
       }},
      {"overlapping windows that overwrite each other",
       {v},
       [](const Inputs& in, bool bug) { return sum_of_neighbors(in[0], bug); }},
      {"the last element left out",
       {v},
       [](const Inputs& in, bool bug) {
         return result("exp", map([](real x) { return std::exp(x); }, in[0]->value), {in[0]},
                       [=](Node& y) {
                         Tensor dx = map(times, y.grad, y.value);
                         if (bug) dx[4] = 0;
                         in[0].add_grad(std::move(dx));
                       });
       }},

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
         std::vector<int> from;
         Tensor value = max_pool2d(in[0]->value, {.kernel = 2, .stride = 2}, from);
         if (bug) from[3] += 2;
         return result("max_pool2d", std::move(value), {in[0]},
                       [=](Node& y) { in[0].add_grad(max_pool_dx(y.grad, from, in[0].shape())); });
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

      // the cotangent
      {"a gradient that ignores the cotangent",
       {v},
       [](const Inputs& in, bool bug) {
         return elementwise(
             in[0], [](real x) { return std::exp(x); },
             [=](real dy, real x) { return (bug ? 1 : dy) * std::exp(x); });
       }},
      {"a constant gradient",
       {v},
       [](const Inputs& in, bool bug) {
         return elementwise(
             in[0], [](real x) { return std::sin(x); },
             [=](real dy, real x) { return bug ? real(0.5) : dy * std::cos(x); });
       }},
      {"the first cotangent for all elements",
       {v},
       [](const Inputs& in, bool bug) {
         return result(
             "exp", map([](real x) { return std::exp(x); }, in[0]->value), {in[0]}, [=](Node& y) {
               in[0].add_grad(bug ? scaled(y.value, y.grad[0]) : map(times, y.value, y.grad));
             });
       }},

      // the engine
      {"no gradient at all",
       {v, v},
       [](const Inputs& in, bool bug) {
         return result("add", map([](real a, real b) { return a + b; }, in[0]->value, in[1]->value),
                       {in[0], in[1]}, [=](Node& y) {
                         in[0].add_grad(y.grad.clone());
                         if (!bug) in[1].add_grad(y.grad.clone());
                       });
       },
       "input 1 [5] got no gradient"},
      {"a gradient of zeros",
       {v},
       [](const Inputs& in, bool bug) {
         return elementwise(
             in[0], [](real x) { return std::sin(x); },
             [=](real dy, real x) { return bug ? 0 : dy * std::cos(x); });
       },
       "zero everywhere"},
      {"a gradient that is not finite",
       {v},
       [](const Inputs& in, bool bug) {
         return elementwise(
             in[0], [](real x) { return std::sin(x); },
             [=](real dy, real x) { return bug && x > 0 ? dy / (x - x) : dy * std::cos(x); });
       },
       "not finite"},
      {"a gradient of another shape",
       {m},
       [](const Inputs& in, bool bug) {
         return result("rows", in[0]->value.clone(), {in[0]},
                       [=](Node& y) { in[0].add_grad(bug ? sum_rows(y.grad) : y.grad.clone()); });
       },
       "a gradient of shape [3]"},
      {"a second use that overwrites the first",
       {v},
       [](const Inputs& in, bool bug) {
         const Var doubled = map([](real x) { return 2 * x; }, in[0]->value);
         return result("3 x",
                       map([](real x, real y) { return x + y; }, in[0]->value, doubled->value),
                       {in[0]}, [=](Node& y) {
                         in[0].add_grad(y.grad.clone());
                         if (bug)
                           in[0]->grad = scaled(y.grad, 2);
                         else
                           in[0].add_grad(scaled(y.grad, 2));
                       });
       }},
      {"a backward that changes its input",
       {v},
       [](const Inputs& in, bool bug) {
         return result("exp", map([](real x) { return std::exp(x); }, in[0]->value), {in[0]},
                       [=](Node& y) {
                         in[0].add_grad(map(times, y.grad, y.value));
                         if (bug) in[0]->value[2] += real(0.1);
                       });
       },
       "the backward of exp changed the value of its input 0 [5]"},
      {"a backward that moves its input away",
       {v},
       [](const Inputs& in, bool bug) {
         return result("half square", map([](real x) { return x * x / 2; }, in[0]->value), {in[0]},
                       [=](Node& y) {
                         Tensor dx = bug ? std::move(in[0]->value) : in[0]->value.clone();
                         map_into(times, dx, y.grad);
                         in[0].add_grad(std::move(dx));
                       });
       },
       "flows into leaf, whose value has shape [0]"},
      {"a backward that changes another tensor",
       {v, v},
       [](const Inputs& in, bool bug) {
         return concat_channels(
             {exp(in[0]), result("copy", in[1]->value.clone(), {in[1]}, [=](Node& y) {
                in[1].add_grad(y.grad.clone());
                if (bug) in[0]->value[0] = 1;
              })});
       },
       "backward changed the value of input 0 [5]"},
      {"a backward that differs from run to run",
       {v},
       [](const Inputs& in, bool bug) {
         static int runs = 0;
         const real noise = bug ? 1 + 1e-15 * static_cast<real>(++runs) : 1;
         return result("copy", in[0]->value.clone(), {in[0]},
                       [=](Node& y) { in[0].add_grad(scaled(y.grad, noise)); });
       },
       "a second run gave input 0 [5] a gradient with different bits"},
      {"dropout with another mask in the gradient",
       {{40}},
       [](const Inputs& in, bool bug) {
         const auto mask = [](long seed) {
           Rng rng(seed);
           return map([](real u) { return u < 0.5 ? real(0) : 2; }, uniform({40}, rng));
         };
         return result("dropout", map(times, in[0]->value, mask(1)), {in[0]},
                       [=](Node& y) { in[0].add_grad(map(times, y.grad, mask(bug ? 2 : 1))); });
       }},
  };
}

class SeededBugs : public testing::TestWithParam<Case> {
 protected:
  GradcheckReport check(bool bug) const {
    Rng rng(7);
    std::vector<Var> inputs;
    for (const Shape& shape : GetParam().inputs) inputs.push_back(normal(shape, rng));
    return check_gradient([&](const Inputs& in) { return GetParam().op(in, bug); }, inputs);
  }
};

TEST_P(SeededBugs, TheCorrectOperationPassesAndTheMistakeFails) {
  const GradcheckReport right = check(false), wrong = check(true);
  EXPECT_TRUE(right.ok) << right;
  EXPECT_FALSE(wrong.ok);
  EXPECT_NE(text(wrong).find(GetParam().message), std::string::npos)
      << "expected: " << GetParam().message << "\nfound: " << wrong;
}

INSTANTIATE_TEST_SUITE_P(All, SeededBugs, testing::ValuesIn(cases()));

TEST(SeededBugs, AreAtLeastThirty) { EXPECT_GE(cases().size(), 30u); }

// Two tensors cannot share memory through their interface, so the bytes are copied. The memory is
// then freed twice, so this runs in a process of its own.
TEST(SeededBugsDeathTest, TwoGradientsThatShareMemoryAreFound) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const auto forged = [](const Inputs& in) {
    return result("add", map([](real a, real b) { return a + b; }, in[0]->value, in[1]->value),
                  {in[0], in[1]}, [=](Node& y) {
                    in[0].add_grad(std::move(y.grad));
                    std::memcpy(static_cast<void*>(&in[1]->grad),
                                static_cast<const void*>(&in[0]->grad), sizeof(Tensor));
                  });
  };
  const auto is_found = [&] {
    return text(check_gradient(forged, {full({3}, 1), full({3}, 2)}))
               .find("the gradient of input 0 [3] shares its memory with") != std::string::npos;
  };
  EXPECT_EXIT(std::_Exit(is_found() ? 0 : 1), testing::ExitedWithCode(0), "");
}

// The reason for a random cotangent: the sum over a normalized channel is constant, so sum() hides
// every mistake in dx.
TEST(SeededBugs, SumHidesABatchNormWithoutItsVarianceTerm) {
  Rng rng(7);
  const std::vector<Var> inputs{normal({2, 5, 5, 2}, rng), normal({2}, rng), normal({2}, rng)};
  const auto wrong = [](const Inputs& in) {
    return add_bias(batch_norm_of(in[0], in[1], {.variance = 0}), in[2]);
  };
  const auto with_sum = check_gradient([=](const Inputs& in) { return sum(wrong(in)); }, inputs,
                                       {.zero_gradient = {0, 1}});
  EXPECT_TRUE(with_sum.ok) << with_sum;
  EXPECT_FALSE(check_gradient(wrong, inputs).ok);
}

}  // namespace
}  // namespace excite
#endif
