// PrepackedConv2d gives the results of conv2d.
#include "core/kernels/conv2d_prepacked.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/kernels/elementwise.h"
#include "core/kernels/pool.h"
#include "core/memory.h"
#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

struct Case {
  Shape x, w;
  Conv2dOptions options;
};

TEST(PrepackedConv2d, MatchesConv2dTimesScalePlusBiasWithAndWithoutRelu) {
  const std::vector<Case> cases{
      {{2, 9, 7, 16}, {3, 3, 16, 8}, {.pad = 1}},             // winograd
      {{1, 6, 5, 180}, {3, 3, 180, 184}, {.pad = 1}},         // a weight too large for winograd
      {{2, 9, 7, 3}, {7, 7, 3, 5}, {.stride = 2, .pad = 3}},  // direct
      {{2, 9, 7, 16}, {3, 3, 4, 16}, {.pad = 1, .groups = 4}}};
  Rng rng(0);
  for (const Case& c : cases) {
    const Tensor x = normal(c.x, rng), w = normal(c.w, rng), scale = normal({c.w[3]}, rng),
                 bias = normal({c.w[3]}, rng);
    Tensor expected = conv2d(x, w, c.options);
    for (long i = 0; i < expected.size(); i++)
      expected[i] = expected[i] * scale[i % scale.size()] + bias[i % bias.size()];
    const PrepackedConv2d prepacked(w, scale, bias, c.options);
    EXPECT_TRUE(close(prepacked.conv(x), expected, in_double_build ? 1e-12 : 1e-4)) << c.w;
    const PrepackedConv2d::Squeezed z = prepacked.conv_squeezed(x);
    EXPECT_TRUE(close(add_rows(z.y, bias), expected, in_double_build ? 1e-12 : 1e-4)) << c.w;
    EXPECT_TRUE(close(z.means, global_avg_pool(expected), in_double_build ? 1e-12 : 1e-4)) << c.w;
    for (real& v : expected) v = std::max(v, real(0));
    EXPECT_TRUE(close(prepacked.conv_relu(x), expected, in_double_build ? 1e-12 : 1e-4)) << c.w;
  }
}

TEST(PrepackedConv2d, OfALargeWeightNeedsHardlyMoreMemoryThanTheWeight) {
  const Tensor w = full({3, 3, 350, 352}, 1), ones = full({352}, 1), bias = zeros({352});
  const long before = memory_stats().live;
  const PrepackedConv2d prepacked(w, ones, bias, {.pad = 1});
  EXPECT_LT(static_cast<double>(memory_stats().live - before),
            1.2 * static_cast<double>(w.size()) * sizeof(real));
}

TEST(PrepackedConv2d, NeedsAScaleAndABiasPerOutputChannel) {
  const Tensor w = zeros({3, 3, 4, 8});
  EXPECT_TRUE(fails_saying([&] { PrepackedConv2d(w, full({1}, 1), zeros({8}), {}); },
                           {"conv2d: weight [3, 3, 4, 8] needs a scale for each of its 8", "[1]"}));
  EXPECT_TRUE(fails_saying([&] { PrepackedConv2d(w, full({8}, 1), zeros({4}), {}); },
                           {"needs a bias for each of its 8 output channels", "[4]"}));
  EXPECT_TRUE(fails_saying(
      [&] {
        PrepackedConv2d(zeros({4, 8}), full({8}, 1), zeros({8}), {});
      },
      {"weight has shape [4, 8], expected [R, S, C/groups, K]"}));
}

}  // namespace
}  // namespace excite
