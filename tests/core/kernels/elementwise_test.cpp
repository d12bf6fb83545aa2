#include "core/kernels/elementwise.h"

#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

TEST(Map, VisitsEveryNumberOnceInOneAndSeveralPieces) {
  Rng rng(0);
  for (const long size : {0l, 1l, 7l, 16384l, 16385l, 50000l}) {
    const Tensor a = uniform({size}, rng), b = uniform({size}, rng);
    Tensor c = map([](real x, real y) { return 2 * x - y; }, a, b);
    for (long i = 0; i < size; i++) ASSERT_EQ(c[i], 2 * a[i] - b[i]) << i << " of " << size;
    map_into([](real x, real y) { return x + y; }, c, b);
    for (long i = 0; i < size; i++) ASSERT_EQ(c[i], 2 * a[i] - b[i] + b[i]) << i << " of " << size;
    add_to(c, a);
    for (long i = 0; i < size; i++)
      ASSERT_EQ(c[i], 2 * a[i] - b[i] + b[i] + a[i]) << i << " of " << size;
  }
}

TEST(Map, RejectsDifferentShapes) {
  Tensor a = zeros({2, 3});
  EXPECT_TRUE(fails_saying(
      [&] {
        map([](real x, real) { return x; }, a, zeros({3, 2}));
      },
      {"[2, 3]", "[3, 2]"}));
  EXPECT_TRUE(fails_saying([&] { add_to(a, zeros({6})); }, {"[2, 3]", "[6]"}));
  EXPECT_TRUE(fails_saying([&] { dot(a, zeros({6})); }, {"[2, 3]", "[6]"}));
}

TEST(Sums, MatchTheirDefinitionsInDouble) {
  Rng rng(1);
  const Tensor x = uniform({300, 41}, rng), y = uniform({300, 41}, rng), b = uniform({41}, rng);
  double total = 0, product = 0;
  std::vector<double> columns(41), with_b;
  for (long i = 0; i < x.size(); i++) {
    total += static_cast<double>(x[i]);
    product += static_cast<double>(x[i]) * static_cast<double>(y[i]);
    columns[i % 41] += static_cast<double>(x[i]);
    with_b.push_back(static_cast<double>(x[i]) + static_cast<double>(b[i % 41]));
  }
  EXPECT_NEAR(sum(x), total, 1e-12 * total);
  EXPECT_NEAR(dot(x, y), product, 1e-12 * product);
  EXPECT_TRUE(close(sum_rows(x), tensor_of({41}, columns), in_double_build ? 1e-14 : 1e-7));
  EXPECT_TRUE(close(add_rows(x, b), tensor_of(x.shape(), with_b), in_double_build ? 1e-14 : 1e-7));
}

TEST(Sums, OfEmptyTensorsAreZero) {
  EXPECT_EQ(sum(Tensor()), 0);
  EXPECT_TRUE(same_bits(sum_rows(Tensor({0, 3})), zeros({3})));
}

}  // namespace
}  // namespace excite
