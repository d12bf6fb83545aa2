// PrepackedConv2d with products in bfloat16. Where this build has none, it says so.
#include "core/kernels/conv2d_bfloat16.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>

#include "core/kernels/bfloat16.h"
#include "core/kernels/conv2d_prepacked.h"
#include "core/kernels/conv2d_reference.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/pool.h"
#include "core/parallel.h"
#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

struct Case {
  Shape x, w;
  Conv2dOptions options;
};
std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.x << " " << c.w; }

const std::vector<Case> direct_cases{
    {{2, 9, 7, 16}, {1, 1, 16, 24}, {}},
    {{1, 5, 6, 64}, {1, 1, 64, 130}, {.stride = 2}},
    {{2, 9, 8, 18}, {3, 3, 18, 33}, {.stride = 2, .pad = 1}},
    {{1, 17, 15, 32}, {3, 3, 32, 20}, {.pad = 2, .dilation = 2}},
    {{2, 6, 5, 32}, {1, 7, 32, 16}, {.pad = {0, 3}}},
    {{1, 7, 6, 32}, {3, 3, 4, 64}, {.pad = 1, .groups = 8}},  // merged into wide groups
    {{1, 7, 6, 64}, {3, 3, 32, 64}, {.pad = 1, .groups = 2}},
    {{1, 4, 4, 200}, {3, 3, 200, 328}, {.pad = 1}}};  // a weight too large for Winograd
const std::vector<Case> winograd_cases{{{2, 9, 7, 16}, {3, 3, 16, 16}, {.pad = 1}},
                                       {{1, 8, 8, 64}, {3, 3, 64, 128}, {.pad = 1}},
                                       {{3, 13, 22, 24}, {3, 3, 24, 40}, {.pad = 0}},
                                       {{1, 5, 4, 130}, {3, 3, 130, 144}, {.pad = 2}}};

#ifndef EXCITE_DOUBLE
// To the nearest of the floats whose lower 16 bits are 0, and of two as near to the even one.
float rounded(float v) {
  const auto bits = std::bit_cast<std::uint32_t>(v);
  return std::bit_cast<float>((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000);
}
Tensor rounded(const Tensor& x) {
  return map([](real v) { return rounded(v); }, x);
}
#else
Tensor rounded(const Tensor& x) { return x.clone(); }
#endif

struct Numbers {
  Tensor x, w, scale, bias;
  explicit Numbers(const Case& c, unsigned seed = 0) {
    Rng rng(seed);
    x = normal(c.x, rng), w = normal(c.w, rng), scale = uniform({c.w[3]}, rng, 1, 2),
    bias = normal({c.w[3]}, rng);
  }
  PrepackedConv2d prepacked(const Case& c, Precision precision = Precision::bfloat16) const {
    return PrepackedConv2d(w, scale, bias, c.options, precision);
  }
};

// The root mean square.
double rms(const Tensor& x) {
  double squares = 0;
  for (const real v : x) squares += static_cast<double>(v) * static_cast<double>(v);
  return std::sqrt(squares / static_cast<double>(x.size()));
}

double relative_rms_error(const Tensor& y, const Tensor& expected) {
  return rms(map([](real a, real b) { return a - b; }, y, expected)) / rms(expected);
}

// The definition: the sum of rounded x times rounded (w scale), and then the bias.
Tensor expected_conv(const Case& c, const Numbers& n, bool rounds) {
  Tensor w = n.w.clone();
  for (long i = 0; i < w.size(); i++) w[i] *= n.scale[i % n.scale.size()];
  const Conv2dShape q(c.x, c.w, c.options);
  return add_rows(
      rounds ? conv2d_reference(q, rounded(n.x), rounded(w)) : conv2d_reference(q, n.x, w), n.bias);
}

// Whether this build has bfloat16. If not, checks that the error says so.
bool has_it() {
  if (has_bfloat16) return true;
  const Case& c = direct_cases.front();
  EXPECT_TRUE(fails_saying([&] { Numbers(c).prepacked(c); },
                           {"bfloat16: this build has no bfloat16 products", "AVX512-BF16"}));
  return false;
}

TEST(Bfloat16, DirectConvolutionIsTheSumOfRoundedProducts) {
  if (!has_it()) return;
  for (const Case& c : direct_cases) {
    const Numbers n(c);
    EXPECT_TRUE(close(n.prepacked(c).conv(n.x), expected_conv(c, n, true), 1e-5)) << c;
    const double error = relative_rms_error(n.prepacked(c).conv(n.x), expected_conv(c, n, false));
    EXPECT_GT(error, 1e-3) << c << ": nothing was rounded";
    EXPECT_LT(error, 4e-3) << c;
  }
}

TEST(Bfloat16, WinogradsErrorIsAboutOnePercentOfTheRootMeanSquare) {
  if (!has_it()) return;
  for (const Case& c : winograd_cases) {
    const Numbers n(c);
    const double error = relative_rms_error(n.prepacked(c).conv(n.x), expected_conv(c, n, false));
    EXPECT_GT(error, 5e-3) << c << ": nothing was rounded";
    EXPECT_LT(error, 1.5e-2) << c;
  }
}

TEST(Bfloat16, ReluAndMeansAreThoseOfTheConvolution) {
  if (!has_it()) return;
  for (const std::vector<Case>* cases : {&direct_cases, &winograd_cases})
    for (const Case& c : *cases) {
      const Numbers n(c);
      const PrepackedConv2d conv = n.prepacked(c);
      const Tensor y = conv.conv(n.x);
      EXPECT_TRUE(
          same_bits(conv.conv_relu(n.x), map([](real v) { return std::max(v, real(0)); }, y)))
          << c;
      const PrepackedConv2d::Squeezed z = conv.conv_squeezed(n.x);
      EXPECT_TRUE(close(add_rows(z.y, n.bias), y, 1e-5)) << c;
      EXPECT_TRUE(close(z.means, global_avg_pool(y), 1e-5)) << c;
    }
}

TEST(Bfloat16, HasTheSameBitsOnAnyNumberOfThreads) {
  if (!has_it()) return;
  for (const Case& c : {Case{{5, 20, 17, 32}, {3, 3, 32, 48}, {.pad = 1}},
                        Case{{5, 20, 17, 32}, {3, 3, 32, 48}, {.stride = 2, .pad = 1}}}) {
    const Numbers n(c);
    set_threads(1);
    const Tensor expected = n.prepacked(c).conv(n.x);
    for (const int count : {2, 3, 7}) {
      set_threads(count);
      EXPECT_TRUE(same_bits(n.prepacked(c).conv(n.x), expected)) << c << ", " << count;
    }
  }
}

TEST(Bfloat16, LeavesShapesWithoutPairsInFullPrecision) {
  if (!has_it()) return;
  for (const Case& c : {Case{{1, 9, 9, 3}, {3, 3, 3, 16}, {.pad = 1}},
                        Case{{1, 9, 9, 17}, {3, 3, 17, 16}, {.pad = 1}},
                        Case{{1, 9, 9, 32}, {3, 3, 1, 32}, {.pad = 1, .groups = 32}}}) {
    const Numbers n(c);
    EXPECT_TRUE(same_bits(n.prepacked(c).conv(n.x), n.prepacked(c, Precision::full).conv(n.x)))
        << c;
  }
}

TEST(Bfloat16, NotANumberAndInfinityStay) {
  if (!has_it()) return;
  for (const Case& c : {direct_cases[0], winograd_cases[0]}) {
    Numbers n(c);
    n.x[5] = std::numeric_limits<real>::quiet_NaN();
    EXPECT_TRUE(std::isnan(n.prepacked(c).conv(n.x)[0])) << c;
    n.x[5] = std::numeric_limits<real>::infinity();
    EXPECT_FALSE(std::isfinite(n.prepacked(c).conv(n.x)[0])) << c;
  }
}

TEST(Bfloat16, NotANumberStaysInItsGroup) {
  if (!has_it()) return;
  const Case c{{1, 2, 2, 32}, {1, 1, 4, 32}, {.groups = 8}};
  Numbers n(c);
  n.x[9] = std::numeric_limits<real>::quiet_NaN();  // group 2
  const Tensor y = n.prepacked(c).conv(n.x);
  for (long i = 0; i < y.size(); i++) EXPECT_EQ(std::isnan(y[i]), i / 4 == 2) << i;
}

}  // namespace
}  // namespace excite
