// Every fused operation gives the same value, gradients and running statistics as the operations
// that it replaces.
#include <gtest/gtest.h>

#include "autograd/fused/fused_ops.h"
#include "core/kernels/conv2d_fused.h"
#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

constexpr double tolerance = in_double_build ? 1e-12 : 1e-5;

// The value of an operation, the gradient of each input, and the running statistics.
using Results = std::vector<Tensor>;
using Inputs = std::vector<Var>;  // the last two are running statistics

Results results_of(const std::function<Var(const Inputs&)>& f, const std::vector<Shape>& shapes,
                   real mean = 0) {
  Rng rng(0);
  Inputs in;
  for (const Shape& shape : shapes)
    in.push_back(parameter(normal(shape, rng, in.empty() ? mean : 0)));
  const Shape channels{shapes[0][-1]};
  in.push_back(Var(normal(channels, rng)));
  in.push_back(Var(uniform(channels, rng, real(0.5), 2)));
  const Var y = f(in);
  Results results;
  results.push_back(y->value.clone());
  backward(y, normal(y.shape(), rng));
  for (std::size_t i = 0; i < shapes.size(); i++) results.push_back(in[i]->grad.clone());
  for (std::size_t i = shapes.size(); i < in.size(); i++) results.push_back(in[i]->value.clone());
  return results;
}

void expect_equal(const Results& fused, const Results& composed, const std::string& what,
                  double within = tolerance) {
  ASSERT_EQ(fused.size(), composed.size());
  for (std::size_t i = 0; i < fused.size(); i++)
    EXPECT_TRUE(close(fused[i], composed[i], within)) << what << ", result " << i;
}

const std::vector<Shape> images{
    {3, 4, 5, 16}, {2, 7, 3, 5}, {1, 8, 8, 33}, {5, 1, 1, 8}, {16, 9, 9, 4}};

TEST(BatchNormRelu, IsReluOfBatchNorm) {
  const auto fused = [](const Inputs& in) {
    return batch_norm_relu(in[0], in[1], in[2], in[3], in[4]);
  };
  const auto composed = [](const Inputs& in) {
    return relu(batch_norm(in[0], in[1], in[2], in[3], in[4]));
  };
  for (const Shape& u : images) {
    const std::vector<Shape> shapes{u, {u[3]}, {u[3]}};
    expect_equal(results_of(fused, shapes), results_of(composed, shapes), text(u));
  }
}

// In float, a mean of 1000 costs u - mean three of its seven digits, fused or not.
TEST(BatchNormRelu, IsAccurateFarFromZero) {
  const auto fused = [](const Inputs& in) {
    return batch_norm_relu(in[0], in[1], in[2], in[3], in[4]);
  };
  const auto composed = [](const Inputs& in) {
    return relu(batch_norm(in[0], in[1], in[2], in[3], in[4]));
  };
  const std::vector<Shape> shapes{{4, 8, 8, 6}, {6}, {6}};
  expect_equal(results_of(fused, shapes, 1000), results_of(composed, shapes, 1000), "mean 1000",
               in_double_build ? 1e-9 : 1e-3);
}

// Shapes for every convolution algorithm. Winograd: results of channels that are a multiple of the
// vector width or not, images that are no multiple of a tile, and an image with one row. Direct:
// 255 pixels, in runs of 192. Groups: narrow and wide ones.
struct Conv {
  Shape x, w;
  Conv2dOptions options;
};
const std::vector<Conv> convs{{{3, 8, 8, 16}, {3, 3, 16, 16}, {.pad = 1}},
                              {{2, 7, 5, 9}, {3, 3, 9, 11}, {.pad = 1}},
                              {{2, 1, 6, 8}, {3, 3, 8, 40}, {.pad = 1}},
                              {{2, 9, 6, 12}, {3, 3, 12, 8}, {}},
                              {{2, 15, 15, 5}, {3, 3, 5, 6}, {.stride = 2, .pad = 1}},
                              {{2, 15, 17, 3}, {3, 3, 3, 5}, {.pad = 1}},
                              {{2, 4, 4, 20}, {1, 1, 20, 70}, {}},
                              {{2, 5, 5, 6}, {3, 3, 2, 9}, {.pad = 1, .groups = 3}},
                              {{2, 5, 5, 40}, {3, 3, 20, 40}, {.pad = 1, .groups = 2}}};

// An operation that uses the moments that come with a convolution.
Var use_moments(const ConvOutput& y) {
  const Shape channels{y.u.shape()[3]};
  return bn_se_add_relu(
      y, full(channels, 1), zeros(channels), zeros(channels), full(channels, 1),
      [](const Var& q) { return sigmoid(q); }, y.u);
}

TEST(Conv2dWithMoments, IsConv2dAndComputesTheMomentsThatBatchNormNeeds) {
  for (const Conv& c : convs) {
    const auto fused = [&](const Inputs& in) {
      return use_moments(conv2d_with_moments(in[0], in[1], c.options));
    };
    const auto composed = [&](const Inputs& in) {
      return use_moments(conv2d(in[0], in[1], c.options));
    };
    expect_equal(results_of(fused, {c.x, c.w}), results_of(composed, {c.x, c.w}),
                 text(c.x, " by ", c.w));
  }
}

TEST(BatchNormReluConv2d, IsConv2dOfReluOfBatchNorm) {
  for (const Conv& c : convs) {
    const auto fused = [&](const Inputs& in) {
      return use_moments(
          batch_norm_relu_conv2d(in[0], in[1], in[2], in[4], in[5], in[3], c.options));
    };
    const auto composed = [&](const Inputs& in) {
      return use_moments(
          conv2d(relu(batch_norm(in[0], in[1], in[2], in[4], in[5])), in[3], c.options));
    };
    const std::vector<Shape> shapes{c.x, {c.x[3]}, {c.x[3]}, c.w};
    expect_equal(results_of(fused, shapes), results_of(composed, shapes), text(c.x, " by ", c.w));
  }
}

// The first layer's images require no gradient, nor does a network that is frozen up to here.
TEST(BatchNormReluConv2d, GivesGammaAndBetaGradientsIfTheInputIsConstant) {
  for (const Conv& c : convs)
    for (const std::size_t learning : {0u, 1u}) {
      const auto results = [&](bool fused) {
        Rng rng(0);
        const long channels = c.x[3];
        const Var u = normal(c.x, rng), w = normal(c.w, rng);
        Var in[2] = {normal({channels}, rng), normal({channels}, rng)};  // gamma, beta
        in[learning]->requires_grad = true;
        const Var mean = zeros({channels}), var = full({channels}, 1);
        const Var y = fused ? batch_norm_relu_conv2d(u, in[0], in[1], mean, var, w, c.options).u
                            : conv2d(relu(batch_norm(u, in[0], in[1], mean, var)), w, c.options);
        backward(y, normal(y.shape(), rng));
        EXPECT_TRUE(u->grad.empty() && w->grad.empty() && in[1 - learning]->grad.empty());
        return in[learning]->grad.clone();
      };
      EXPECT_TRUE(close(results(true), results(false), in_double_build ? 1e-11 : 1e-4))
          << c.x << ", input " << learning;
    }
}

// All outputs of the convolution are near 1000, because one input channel is 1000 and has weight 1.
TEST(Conv2dWithMoments, IsAccurateFarFromZero) {
  Rng rng(0);
  for (const long kernel : {3, 1}) {
    const long c = 16;
    Tensor x = normal({4, 9, 9, c}, rng), w = normal({kernel, kernel, c, c}, rng);
    for (long i = 0; i < x.size(); i += c) x[i] = 1000;
    for (long k = 0; k < c; k++)
      for (long i = 0; i < w.size() / c; i++)
        if (i % c == 0) w[i * c + k] = i / c == w.size() / c / c / 2 ? real(1) : real(0);
    const ConvWithMoments y = conv2d_moments(x, w, {.pad = kernel / 2});
    const ImageMoments expected = image_moments(y.y);
    const double within = in_double_build ? 1e-11 : 1e-5;
    EXPECT_TRUE(close(y.moments.all.mean, expected.all.mean, within));
    EXPECT_TRUE(close(y.moments.all.var, expected.all.var, in_double_build ? 1e-9 : 1e-4));
    EXPECT_TRUE(close(y.moments.mean, expected.mean, within));
  }
}

Var gate_of(const Inputs& in, const Var& q) {
  return sigmoid(linear(relu(linear(q, in[4], in[5])), in[6], in[7]));
}

TEST(BnSeAddRelu, IsReluOfTheScaledBatchNormPlusTheShortcut) {
  const auto fused = [](const Inputs& in) {
    return bn_se_add_relu(
        in[0], in[1], in[2], in[8], in[9], [&](const Var& q) { return gate_of(in, q); }, in[3]);
  };
  const auto composed = [](const Inputs& in) {
    const Var z = batch_norm(in[0], in[1], in[2], in[8], in[9]);
    return relu(add(scale_channels(z, gate_of(in, global_avg_pool(z))), in[3]));
  };
  for (const Shape& u : images) {
    const long c = u[3], hidden = 3;
    const std::vector<Shape> shapes{u, {c}, {c}, u, {c, hidden}, {hidden}, {hidden, c}, {c}};
    expect_equal(results_of(fused, shapes), results_of(composed, shapes), text(u));
  }
}

TEST(BnSeAddRelu, WithoutAGateIsReluOfBatchNormPlusTheShortcut) {
  const auto fused = [](const Inputs& in) {
    return bn_se_add_relu(in[0], in[1], in[2], in[4], in[5], Gate(), in[3]);
  };
  const auto composed = [](const Inputs& in) {
    return relu(add(batch_norm(in[0], in[1], in[2], in[4], in[5]), in[3]));
  };
  for (const Shape& u : images) {
    const std::vector<Shape> shapes{u, {u[3]}, {u[3]}, u};
    expect_equal(results_of(fused, shapes), results_of(composed, shapes), text(u));
  }
}

TEST(BnSeAddRelu, AcceptsAGateWithoutParameters) {
  const auto fused = [](const Inputs& in) {
    return bn_se_add_relu(
        in[0], in[1], in[2], in[4], in[5],
        [](const Var& q) { return Var(full(q.shape(), real(0.5))); }, in[3]);
  };
  const auto composed = [](const Inputs& in) {
    return relu(add(scale(batch_norm(in[0], in[1], in[2], in[4], in[5]), real(0.5)), in[3]));
  };
  const std::vector<Shape> shapes{{3, 4, 5, 6}, {6}, {6}, {3, 4, 5, 6}};
  expect_equal(results_of(fused, shapes), results_of(composed, shapes), "a gate of 0.5");
}

// The parameters of the gate are inputs of the operation.
TEST(BnSeAddRelu, GivesTheGateGradientsEvenIfNothingElseRequiresOne) {
  Rng rng(0);
  const Var w = parameter(normal({4, 4}, rng)), u = normal({3, 2, 2, 4}, rng),
            shortcut = normal({3, 2, 2, 4}, rng);
  const Var gamma = full({4}, 1), beta = zeros({4});
  const Var y = bn_se_add_relu(
      u, gamma, beta, zeros({4}), full({4}, 1), [&](const Var& q) { return sigmoid(matmul(q, w)); },
      shortcut);
  ASSERT_TRUE(y.requires_grad());
  backward(y, normal(y.shape(), rng));
  EXPECT_EQ(w->grad.shape(), (Shape{4, 4}));
  EXPECT_TRUE(u->grad.empty());
}

TEST(FusedOps, ReportShapesThatDoNotMatch) {
  const Var u = zeros({2, 3, 3, 4}), c = zeros({4}), three = zeros({3});
  const auto tail = [&](const Var& x, const Var& gamma, const Gate& gate, const Var& shortcut) {
    return [=] { bn_se_add_relu(x, gamma, c, c, c, gate, shortcut); };
  };
  EXPECT_TRUE(fails_saying(
      [&] {
        batch_norm_relu(Var(zeros({2, 4})), c, c, c, c);
      },
      {"batch_norm_relu", "[2, 4]", "[N, H, W, C]"}));
  EXPECT_TRUE(fails_saying([&] { batch_norm_relu(u, three, c, c, c); },
                           {"batch_norm_relu", "[2, 3, 3, 4]", "gamma", "[3]"}));
  EXPECT_TRUE(fails_saying(
      [&] {
        batch_norm_relu(Var(zeros({1, 1, 1, 4})), c, c, c, c);
      },
      {"one value per channel"}));
  EXPECT_TRUE(fails_saying(
      [&] {
        batch_norm_relu_conv2d(u, c, three, c, c, zeros({1, 1, 4, 2}));
      },
      {"batch_norm_relu_conv2d", "beta", "[3]"}));
  EXPECT_TRUE(fails_saying(
      [&] {
        batch_norm_relu_conv2d(u, c, c, c, c, zeros({1, 1, 3, 2}));
      },
      {"conv2d", "[2, 3, 3, 4]", "[1, 1, 3, 2]"}));
  EXPECT_TRUE(fails_saying(tail(u, three, Gate(), u), {"bn_se_add_relu", "gamma", "[3]"}));
  EXPECT_TRUE(fails_saying(tail(u, c, Gate(), zeros({2, 3, 4, 4})),
                           {"bn_se_add_relu", "[2, 3, 3, 4]", "[2, 3, 4, 4]"}));
  EXPECT_TRUE(fails_saying(tail(
                               u, c,
                               [](const Var&) {
                                 return Var(zeros({2, 5}));
                               },
                               u),
                           {"bn_se_add_relu: the gate turned [2, 4] into [2, 5]"}));
}

}  // namespace
}  // namespace excite
