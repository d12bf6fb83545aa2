#include "core/shape.h"

#include <climits>

#include "tests/support/errors.h"

namespace excite {
namespace {

TEST(Shape, ReportsRankSizeRowsAndDimensions) {
  const Shape s{2, 3, 4, 5};
  EXPECT_EQ(s.rank(), 4);
  EXPECT_EQ(s.size(), 120);
  EXPECT_EQ(s.rows(), 24);
  EXPECT_EQ(s[0], 2);
  EXPECT_EQ(s[-1], 5);
  EXPECT_EQ(s[-4], 2);
  EXPECT_EQ(s.dims(), (std::vector<long>{2, 3, 4, 5}));
  EXPECT_EQ(text(s), "[2, 3, 4, 5]");
}

TEST(Shape, RankZeroIsASingleNumber) {
  const Shape s{};
  EXPECT_EQ(s.rank(), 0);
  EXPECT_EQ(s.size(), 1);
  EXPECT_EQ(s.rows(), 1);
  EXPECT_EQ(text(s), "[]");
  EXPECT_TRUE(
      fails_saying([&] { s[0]; }, {"[]", "no axis 0, expected none: it has no dimensions"}));
}

TEST(Shape, IsEqualOnlyToTheSameDimensions) {
  EXPECT_EQ((Shape{2, 3}), Shape(std::vector<long>{2, 3}));
  EXPECT_NE((Shape{2, 3}), (Shape{3, 2}));
  EXPECT_NE((Shape{2, 3}), (Shape{2, 3, 1}));
  EXPECT_NE((Shape{}), (Shape{1}));
  EXPECT_NE((Shape{0}), (Shape{0, 0}));
}

TEST(Shape, RefusesInvalidDimensionsAndAxes) {
  EXPECT_TRUE(fails_saying(
      [] {
        Shape({1, 2, 3, 4, 5});
      },
      {"[1, 2, 3, 4, 5]", "5 dimensions", "4"}));
  EXPECT_TRUE(fails_saying([] { Shape({2, -1}); }, {"[2, -1]", "negative"}));
  EXPECT_TRUE(fails_saying([] { Shape({LONG_MAX, 2}); }, {"more elements"}));
  EXPECT_TRUE(fails_saying(
      [] {
        Shape({1l << 32, 1l << 31});
      },
      {"[4294967296, 2147483648]", "more elements"}));
  EXPECT_TRUE(fails_saying([] { Shape({2, 3})[2]; }, {"[2, 3]", "no axis 2, expected -2 to 1"}));
  EXPECT_TRUE(fails_saying([] { Shape({2, 3})[-3]; }, {"[2, 3]", "no axis -3"}));
}

TEST(Size2, ASingleNumberSetsHeightAndWidth) {
  EXPECT_EQ(Size2(3), Size2(3, 3));
  EXPECT_EQ(text(Size2(3, 5)), "3x5");
}

}  // namespace
}  // namespace excite
