// The comparisons in compare.h, and the numbers of tests/README.md.
#include "tests/support/compare.h"

namespace excite {
namespace {

TEST(Close, IsRelativeToTheLargestElementAndNamesTheWorst) {
  const Tensor expected({2}, {64, real(0.25)}), actual({2}, {real(64.5), real(0.125)});
  EXPECT_TRUE(close(actual, expected, 1.0 / 128));
  const testing::AssertionResult difference = close(actual, expected, 1.0 / 256);
  EXPECT_FALSE(difference);
  EXPECT_STREQ(difference.message(),
               "element [0] of [2] is 64.5, expected 64: differs by 0.5, allowed is 0.25 "
               "(0.00390625 of the largest)");
}

TEST(Close, RejectsOtherShapesNanAndInfinity) {
  const Tensor x({2}, {1, 2}), nan({2}, {1, std::numeric_limits<real>::quiet_NaN()}),
      infinite({2}, {1, std::numeric_limits<real>::infinity()});
  EXPECT_FALSE(close(x, Tensor({1, 2}, {1, 2}), 1));
  EXPECT_FALSE(close(nan, x, 1e9));
  EXPECT_FALSE(close(x, nan, 1e9));
  EXPECT_FALSE(close(infinite, x, 1e9));
  EXPECT_TRUE(close(nan, nan, 0));
  EXPECT_TRUE(close(infinite, infinite, 0));
}

TEST(SameBits, DistinguishesMinusZeroFromZero) {
  const Tensor zero({1}, {0}), minus({1}, {real(-0.0)});
  EXPECT_TRUE(close(zero, minus, 0));
  EXPECT_FALSE(same_bits(zero, minus));
  EXPECT_TRUE(same_bits(zero, zero));
}

}  // namespace
}  // namespace excite
