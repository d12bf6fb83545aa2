// NaN and infinity are never hidden, and never reach numbers that do not depend on them, as in
// PyTorch. A batch of no images gives gradients of 0.
#include <gtest/gtest.h>

#include "autograd/fused/fused_ops.h"
#include "autograd/ops.h"
#include "autograd/optimizer.h"
#include "core/kernels/conv2d_algorithms.h"
#include "core/kernels/conv2d_prepacked.h"
#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

constexpr real nan = std::numeric_limits<real>::quiet_NaN(),
               infinity = std::numeric_limits<real>::infinity();

// ---- ReLU ----

TEST(Relu, KeepsNaNAndLetsTheGradientPassThere) {
  const Var x = parameter(Tensor({5}, {nan, -1, 0, 2, infinity}));
  const Var y = relu(x);
  EXPECT_TRUE(close(y->value, Tensor({5}, {nan, 0, 0, 2, infinity}), 0));
  backward(y, Tensor({5}, {3, 4, 5, 6, 7}));
  EXPECT_TRUE(close(x->grad, Tensor({5}, {3, 0, 0, 6, 7}), 0));
}

// The value, the gradients of u, gamma, beta and the shortcut, and the running statistics of an
// operation on images whose channels 1 and 4 have a NaN.
std::vector<Tensor> results_with_nan(const std::function<Var(const std::vector<Var>&)>& f) {
  constexpr long channels = 37;  // whole vectors and a part of one
  Rng rng(0);
  std::vector<Var> in;
  for (const Shape& shape : {Shape{2, 6, 6, channels}, {channels}, {channels}})
    in.push_back(parameter(normal(shape, rng)));
  in.push_back(parameter(normal(in[0].shape(), rng)));
  in[0]->value[5 * channels + 1] = nan;
  in[0]->value[1 * channels + 4] = nan;
  in.push_back(zeros({channels}));
  in.push_back(full({channels}, 1));
  const Var y = f(in);
  std::vector<Tensor> results;
  results.push_back(y->value.clone());
  backward(y, normal(y.shape(), rng));
  for (int i = 0; i < 3; i++) results.push_back(in[i]->grad.clone());
  if (!in[3]->grad.empty()) results.push_back(in[3]->grad.clone());
  for (int i = 4; i < 6; i++) results.push_back(in[i]->value.clone());
  return results;
}

// `close` takes a NaN for nothing but a NaN. A channel with a NaN has the moments NaN.
void expect_nan_as_composed(const std::function<Var(const std::vector<Var>&)>& fused,
                            const std::function<Var(const std::vector<Var>&)>& composed) {
  const std::vector<Tensor> a = results_with_nan(fused), b = results_with_nan(composed);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); i++)
    EXPECT_TRUE(close(a[i], b[i], in_double_build ? 1e-12 : 1e-4)) << "result " << i;
  EXPECT_TRUE(std::isnan(a.back()[1]) && std::isnan(a.back()[4]) && std::isfinite(a.back()[2]))
      << "the running variance";
}

Var batch_norm_of(const std::vector<Var>& in) {
  return batch_norm(in[0], in[1], in[2], in[4], in[5]);
}

TEST(NotFiniteValues, BatchNormKeepsNaNInItsChannelAndInTheRunningStatistics) {
  const std::vector<Tensor> results = results_with_nan(batch_norm_of);
  for (const Tensor& t : results)
    for (long i = 0; i < t.size(); i++) {
      const long c = i % t.dim(-1);
      const bool is_dbeta = &t == &results[3];  // the sum of dy
      EXPECT_EQ(std::isnan(t[i]), !is_dbeta && (c == 1 || c == 4)) << t.shape() << " at " << i;
    }
}

TEST(NotFiniteValues, BatchNormReluIsTheComposition) {
  expect_nan_as_composed(
      [](const std::vector<Var>& in) { return batch_norm_relu(in[0], in[1], in[2], in[4], in[5]); },
      [](const std::vector<Var>& in) { return relu(batch_norm_of(in)); });
}

TEST(NotFiniteValues, BnSeAddReluIsTheComposition) {
  expect_nan_as_composed(
      [](const std::vector<Var>& in) {
        return bn_se_add_relu(in[0], in[1], in[2], in[4], in[5], Gate(), in[3]);
      },
      [](const std::vector<Var>& in) { return relu(batch_norm_of(in) + in[3]); });
  const Gate gate = [](const Var& q) { return sigmoid(q); };
  expect_nan_as_composed(
      [&](const std::vector<Var>& in) {
        return bn_se_add_relu(in[0], in[1], in[2], in[4], in[5], gate, in[3]);
      },
      [&](const std::vector<Var>& in) {
        const Var z = batch_norm_of(in);
        return relu(scale_channels(z, gate(global_avg_pool(z))) + in[3]);
      });
}

// Every output of the convolution is NaN, but not the gradients of gamma and beta.
TEST(NotFiniteValues, BatchNormReluConv2dIsTheComposition) {
  for (const long kernel : {3l, 1l}) {
    Rng rng(1);
    const Tensor w = normal({kernel, kernel, 37, 16}, rng);
    const Conv2dOptions options{.pad = kernel / 2};
    expect_nan_as_composed(
        [&](const std::vector<Var>& in) {
          return batch_norm_relu_conv2d(in[0], in[1], in[2], in[4], in[5], w.clone(), options).u;
        },
        [&](const std::vector<Var>& in) {
          return conv2d(relu(batch_norm_of(in)), w.clone(), options);
        });
  }
}

TEST(NotFiniteValues, InferenceKeepsNaN) {
  Rng rng(2);
  for (const long kernel : {3l, 1l}) {
    Tensor x = normal({1, 9, 9, 16}, rng);
    x[0] = nan;
    const PrepackedConv2d conv(normal({kernel, kernel, 16, 16}, rng), full({16}, 1), zeros({16}),
                               {.pad = kernel / 2});
    for (const Tensor& y : {conv.conv(x), conv.conv_relu(x)})
      for (long k = 0; k < 16; k++) EXPECT_TRUE(std::isnan(y[k])) << kernel << ", channel " << k;
  }
}

// ---- groups ----

struct Grouped {
  long groups, in, out;  // channels per group
};
// Groups of fewer channels than a vector are computed together.
const std::vector<Grouped> grouped{{4, 3, 2},  {8, 4, 4},  {40, 1, 1}, {16, 1, 2},
                                   {7, 5, 11}, {67, 1, 3}, {2, 16, 20}};

// Sets numbers of group 1's channels.
Tensor with_group_1_not_finite(const Tensor& x, long channels) {
  Tensor y = x.clone();
  for (long i = 0; i < y.size(); i += y.dim(3)) {
    if (i / y.dim(3) % 3 == 0) y[i + channels] = nan;
    if (i / y.dim(3) % 5 == 0) y[i + 2 * channels - 1] = infinity;
  }
  return y;
}

// Of group 1, nothing; of the other groups, the same bits.
void expect_other_groups_equal(const Tensor& actual, const Tensor& expected, long channels,
                               const std::string& what) {
  long wrong = 0, not_finite = 0;
  for (long i = 0; i < actual.size(); i++) {
    const bool is_group_1 = i % actual.dim(-1) / channels == 1;
    if (!is_group_1)
      wrong += std::memcmp(&actual.data()[i], &expected.data()[i], sizeof(real)) != 0;
    if (is_group_1) not_finite += !std::isfinite(actual[i]);
  }
  EXPECT_EQ(wrong, 0) << what;
  EXPECT_GT(not_finite, 0) << what << ": group 1 hides what is not finite";
}

TEST(NotFiniteValues, AGroupOfAConvolutionDoesNotReachTheOthers) {
  Rng rng(3);
  for (const Grouped& g : grouped)
    for (const long stride : {1l, 2l})
      for (const Conv2dFunctions* algorithm : {&reference_conv2d, &blas_conv2d, &direct_conv2d}) {
        const Conv2dOptions options{.stride = stride, .pad = 1, .groups = g.groups};
        const Conv2dShape q({2, 7, 6, g.groups * g.in}, {3, 3, g.in, g.groups * g.out}, options);
        const Tensor x = normal(q.x(), rng), w = normal(q.weight(), rng), dy = normal(q.y(), rng);
        const Tensor bad_x = with_group_1_not_finite(x, g.in),
                     bad_dy = with_group_1_not_finite(dy, g.out);
        const std::string what = text(algorithm->name, ", ", g.groups, " groups of ", g.in, " to ",
                                      g.out, ", stride ", stride, ": ");
        expect_other_groups_equal(algorithm->y(q, bad_x, w), algorithm->y(q, x, w), g.out,
                                  what + "y");
        expect_other_groups_equal(algorithm->dx(q, bad_dy, w), algorithm->dx(q, dy, w), g.in,
                                  what + "dx");
        expect_other_groups_equal(algorithm->dw(q, bad_x, dy), algorithm->dw(q, x, dy), g.out,
                                  what + "dw from x");
        expect_other_groups_equal(algorithm->dw(q, x, bad_dy), algorithm->dw(q, x, dy), g.out,
                                  what + "dw from dy");
        if (!algorithm->add_dx) continue;
        Tensor bad_sum = x.clone(), sum = x.clone();
        algorithm->add_dx(q, bad_dy, w, bad_sum);
        algorithm->add_dx(q, dy, w, sum);
        expect_other_groups_equal(bad_sum, sum, g.in, what + "added dx");
      }
}

TEST(NotFiniteValues, AGroupDoesNotReachTheOthersInInferenceOrMoments) {
  Rng rng(4);
  const Conv2dOptions options{.pad = 1, .groups = 8};
  const Tensor x = normal({2, 7, 6, 32}, rng), w = normal({3, 3, 4, 32}, rng),
               bad_x = with_group_1_not_finite(x, 4);
  const PrepackedConv2d conv(w, full({32}, 1), zeros({32}), options);
  expect_other_groups_equal(conv.conv(bad_x), conv.conv(x), 4, "inference");
  const ConvOutput y = conv2d_with_moments(Var(x.clone()), w.clone(), options),
                   bad_y = conv2d_with_moments(Var(bad_x.clone()), w.clone(), options);
  expect_other_groups_equal(bad_y.moments->all.mean, y.moments->all.mean, 4, "mean");
  expect_other_groups_equal(bad_y.moments->all.var, y.moments->all.var, 4, "variance");
}

// A weight that is not finite makes its own output channel not finite, and no other.
TEST(NotFiniteValues, AWeightReachesItsOutputChannelAlone) {
  Rng rng(5);
  const Conv2dOptions options{.pad = 1, .groups = 8};
  const Tensor x = normal({2, 7, 6, 32}, rng), w = normal({3, 3, 4, 32}, rng);
  Tensor bad_w = w.clone();
  for (long k = 4; k < 8; k++) bad_w[32 + k] = k % 2 ? nan : infinity;
  expect_other_groups_equal(conv2d(x, bad_w, options), conv2d(x, w, options), 4, "y");
}

// This differs from PyTorch: there a pixel reaches the outputs whose window contains it. Winograd
// computes tiles of 4x4 outputs together, so a NaN or an infinity makes whole tiles NaN, but no
// other tile, image or output channel's weight gradient.
TEST(NotFiniteValues, APixelReachesTheWinogradTilesThatReadIt) {
  Rng rng(6);
  const Conv2dShape q({2, 12, 12, 16}, {3, 3, 16, 16}, {.pad = 1});
  ASSERT_EQ(conv2d_algorithm(q), Conv2dAlgorithm::winograd);
  for (const real bad : {nan, infinity}) {
    Tensor x = normal(q.x(), rng);
    const Tensor w = normal(q.weight(), rng), y = conv2d_winograd(q, x, w);
    x[(5 * 12 + 5) * 16 + 3] = bad;  // row 5, column 5 of image 0: inside the tile of rows 4 to 7
    const Tensor bad_y = conv2d_winograd(q, x, w);
    for (long i = 0; i < y.size(); i++) {
      const long n = i / 16 / 144, row = i / 16 / 12 % 12, col = i / 16 % 12;
      const bool in_window = n == 0 && std::abs(row - 5) <= 1 && std::abs(col - 5) <= 1,
                 in_tile = n == 0 && row / 4 == 1 && col / 4 == 1;
      if (in_window || in_tile)
        EXPECT_TRUE(!in_window || !std::isfinite(bad_y[i])) << row << ", " << col;
      else
        EXPECT_EQ(bad_y[i], y[i]) << n << ": " << row << ", " << col;
    }
    const Tensor dy = normal(q.y(), rng), dw = conv2d_winograd_dw(q, x, dy);
    for (long i = 0; i < dw.size(); i++)
      EXPECT_EQ(std::isfinite(dw[i]), i / 16 % 16 != 3) << "dw at " << i;
  }
}

// ---- losses and clipping ----

TEST(NotFiniteValues, ALogitOfAClassOfWeightZeroIsNotHidden) {
  const Tensor logits({2, 2}, {nan, 1, 1, 2}), weights({2}, {0, 1});
  EXPECT_TRUE(std::isnan(cross_entropy(logits.clone(), {0, 1}, weights)->value.item()));
  EXPECT_TRUE(std::isnan(cross_entropy(logits.clone(), {0, 1}, real(0.1))->value.item()));
}

TEST(NotFiniteValues, ClippingByTheNormNaNMakesEveryGradientNaN) {
  const Var a = parameter(full({2}, 1)), b = parameter(full({3}, 1));
  a->grad = Tensor({2}, {nan, 1});
  b->grad = full({3}, 1);
  const std::vector<Parameter> parameters{{"a", a, true}, {"b", b, true}};
  clip_gradients(parameters, 1, gradient_norm(parameters));
  EXPECT_TRUE(close(a->grad, full({2}, nan), 0));
  EXPECT_TRUE(close(b->grad, full({3}, nan), 0));
}

// ---- a batch of no images ----

// The gradient of each weight in an operation on no images.
void expect_zero_gradients(const char* what, const Var& y, const std::vector<Var>& weights) {
  backward(y, zeros(y.shape()));
  for (const Var& w : weights)
    EXPECT_TRUE(same_bits(w->grad, zeros(w.shape()))) << what << ": " << w.shape();
}

TEST(EmptyBatch, GivesWeightsGradientsOfZero) {
  const Var x = parameter(zeros({0, 8, 8, 16})), rows = parameter(zeros({0, 16})),
            c = parameter(full({16}, 1)), d = parameter(full({16}, 1));
  const Var square = parameter(full({16, 16}, 1));
  for (const long kernel : {1l, 3l, 5l}) {
    const Var w = parameter(full({kernel, kernel, 16, 16}, 1));
    expect_zero_gradients("conv2d", conv2d(x, w, {.pad = kernel / 2}), {w});
    const Var strided = parameter(full({kernel, kernel, 4, 16}, 1));
    expect_zero_gradients(
        "grouped", conv2d(x, strided, {.stride = 2, .pad = kernel / 2, .groups = 4}), {strided});
  }
  expect_zero_gradients("linear", linear(rows, square, c), {square, c});
  expect_zero_gradients("running", batch_norm_running(x, d, c, zeros({16}), full({16}, 1)), {d});
  const Var gamma = parameter(full({16}, 1)), beta = parameter(full({16}, 1)),
            s = parameter(full({16}, 1)), table = parameter(full({5, 3}, 1));
  expect_zero_gradients("layer_norm", layer_norm(x, gamma, beta), {gamma, beta});
  expect_zero_gradients("scale_channels", scale_channels(x, s), {s});
  expect_zero_gradients("embedding", embedding(table, {}), {table});
}

// The gradient passes through every layer of a network, to its loss.
TEST(EmptyBatch, PassesThroughANetwork) {
  const Var x = Var(zeros({0, 8, 8, 3})), w = parameter(full({3, 3, 3, 8}, 1)),
            head = parameter(full({8, 4}, 1)), b = parameter(full({4}, 1));
  const Var pooled = max_pool2d(avg_pool2d(relu(conv2d(x, w, {.pad = 1})), {}), {});
  const Var loss = sum(log_softmax(linear(global_avg_pool(pooled), head, b)));
  EXPECT_EQ(loss->value.item(), 0);
  backward(loss);
  for (const Var& p : {w, head, b}) EXPECT_TRUE(same_bits(p->grad, zeros(p.shape()))) << p.shape();
}

}  // namespace
}  // namespace excite
