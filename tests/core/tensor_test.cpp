#include "core/tensor.h"

#include <climits>
#include <cstdint>
#include <type_traits>

#include "core/random.h"
#include "core/shapes_only.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

static_assert(!std::is_copy_constructible_v<Tensor> && !std::is_copy_assignable_v<Tensor>,
              "only clone() copies a tensor");

TEST(Tensor, HoldsItsNumbersInRowMajorOrder) {
  const Tensor t({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(t.size(), 6);
  EXPECT_EQ(t.dim(-1), 3);
  EXPECT_EQ(t[1 * 3 + 2], 6);
  EXPECT_EQ(std::vector<real>(t.begin(), t.end()), (std::vector<real>{1, 2, 3, 4, 5, 6}));
}

TEST(Tensor, StartsOnACacheLine) {
  for (const long size : {1l, 3l, 1000l, 700'000l})
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(Tensor({size}).data()) % 64, 0u) << size;
}

TEST(Tensor, CloneSharesNothing) {
  Tensor a({2, 2}, {1, 2, 3, 4});
  Tensor b = a.clone();
  EXPECT_TRUE(same_bits(a, b));
  b[0] = 9;
  a[3] = 8;
  EXPECT_TRUE(same_bits(a, Tensor({2, 2}, {1, 2, 3, 8})));
  EXPECT_TRUE(same_bits(b, Tensor({2, 2}, {9, 2, 3, 4})));
}

TEST(Tensor, MovingKeepsTheBuffer) {
  Tensor a({3}, {1, 2, 3});
  const real* numbers = a.data();
  Tensor b = std::move(a);
  EXPECT_EQ(b.data(), numbers);
  Tensor c({1}, {7});
  c = std::move(b);
  EXPECT_EQ(c.data(), numbers);
  EXPECT_TRUE(same_bits(c, Tensor({3}, {1, 2, 3})));
}

TEST(Tensor, ReshapedKeepsTheNumbersWithoutACopy) {
  Tensor a({2, 3}, {1, 2, 3, 4, 5, 6});
  const real* numbers = a.data();
  const Tensor b = std::move(a).reshaped({3, 1, 2});
  EXPECT_EQ(b.data(), numbers);
  EXPECT_TRUE(same_bits(b, Tensor({3, 1, 2}, {1, 2, 3, 4, 5, 6})));
  EXPECT_TRUE(fails_saying([] { zeros({2, 3}).reshaped({4, 2}); }, {"[2, 3]", "6", "[4, 2]", "8"}));
}

TEST(Tensor, EmptyTensorsHaveNoNumbersAndRankZeroHasOne) {
  EXPECT_TRUE(Tensor().empty());
  EXPECT_TRUE(Tensor({3, 0}).empty());
  EXPECT_FALSE(zeros({}).empty());
  EXPECT_EQ(full({}, 5).item(), 5);
  EXPECT_EQ(full({1, 1}, 5).item(), 5);
  EXPECT_TRUE(fails_saying([] { zeros({2}).item(); }, {"item", "[2]", "expected 1"}));
}

TEST(Tensor, RefusesAWrongNumberOfInitialNumbers) {
  EXPECT_TRUE(fails_saying(
      [] {
        Tensor({2, 3}, {1, 2});
      },
      {"[2, 3]", "2 numbers were given", "expected 6"}));
}

TEST(Tensor, RefusesMoreBytesThanCanBeCounted) {
  EXPECT_TRUE(fails_saying([] { Tensor t({LONG_MAX / 2}); }, {"bytes"}));
  EXPECT_TRUE(fails_saying([] { Tensor t({1l << 62}); }, {"bytes"}));
}

TEST(Tensor, ThatDoesNotFitIntoMemoryIsAnErrorWithItsShape) {
  EXPECT_TRUE(fails_saying(
      [] {
        Tensor({1000000, 1000000, 1000});
      },
      {"tensor of shape [1000000, 1000000, 1000]: its ", in_double_build ? "8e+06 GB" : "4e+06 GB",
       "more memory than is left"}));
}

TEST(Tensor, PrintsShapeAndFirstNumbers) {
  EXPECT_EQ(text(Tensor({2, 2}, {1, 2, 3, 4})), "[2, 2] {1, 2, 3, 4}");
  EXPECT_EQ(text(full({10}, 1)), "[10] {1, 1, 1, 1, 1, 1, 1, 1, ...}");
}

TEST(Tensor, RandomTensorsHaveTheRequestedMoments) {
  Rng rng(0);
  const Tensor u = uniform({100'000}, rng, 2, 6), n = normal({100'000}, rng, 3, 2);
  const auto moments = [](const Tensor& t) {
    double sum = 0, squares = 0;
    for (const real v : t)
      sum += static_cast<double>(v), squares += static_cast<double>(v) * static_cast<double>(v);
    const double count = static_cast<double>(t.size());
    return std::pair(sum / count, squares / count - sum / count * (sum / count));
  };
  EXPECT_NEAR(moments(u).first, 4, 0.02);
  EXPECT_NEAR(moments(u).second, 16.0 / 12, 0.02);
  EXPECT_NEAR(moments(n).first, 3, 0.03);
  EXPECT_NEAR(moments(n).second, 4, 0.08);
  for (const real v : u) ASSERT_TRUE(v >= 2 && v <= 6) << v;
}

TEST(Tensor, RandomTensorsAreZeroWithASilentRng) {
  Rng rng = Rng::silent();
  EXPECT_TRUE(same_bits(uniform({4, 3}, rng, 2, 6), zeros({4, 3})));
  EXPECT_TRUE(same_bits(normal({4, 3}, rng, 3, 2), zeros({4, 3})));
}

// Small buffers are filled with zeros; the pages of large ones are returned to the system.
TEST(Tensor, ASilentRngZeroesRecycledBuffersToo) {
  constexpr long large = (2 << 20) / sizeof(real);
  for (const long n : {12l, large, large + 12'345}) {
    { const Tensor before = full({n}, 7); }
    Rng rng = Rng::silent();
    EXPECT_TRUE(same_bits(uniform({n}, rng, 2, 6), zeros({n})));
  }
}

TEST(Tensor, HasNoNumbersWhereShapesAreEnough) {
  const long live = memory_stats().live;
  Rng rng(0);
  const ShapesOnly no_numbers;
  const Tensor t = full({1'000'000, 1'000'000}, 1), copy = t.clone(), drawn = normal({2, 3}, rng);
  EXPECT_EQ(t.shape(), Shape({1'000'000, 1'000'000}));
  EXPECT_EQ(copy.size(), t.size());
  EXPECT_EQ(Tensor({2}, {1, 2}).shape(), Shape({2}));
  for (const Tensor* each : {&t, &copy, &drawn}) EXPECT_EQ(each->data(), nullptr);
  EXPECT_EQ(memory_stats().live, live);
}

}  // namespace
}  // namespace excite
