#include "core/gemm.h"

#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

// All four ways of turning, inside larger matrices.
TEST(Gemm, IsItsDefinitionWithStridesAndTurns) {
  Rng rng(0);
  constexpr long m = 5, k = 7, n = 4, stride = 9;
  const Tensor a = uniform({stride, stride}, rng, -1), b = uniform({stride, stride}, rng, -1);
  const auto in = [&](const Tensor& t, bool turn, long rows, long cols) {
    return turn ? transposed(Matrix(t.data(), cols, rows, stride))
                : Matrix(t.data(), rows, cols, stride);
  };
  const auto at = [&](const Tensor& t, bool turn, long i, long j) {
    return static_cast<double>(turn ? t[j * stride + i] : t[i * stride + j]);
  };
  for (const bool turn_a : {false, true})
    for (const bool turn_b : {false, true}) {
      Tensor c = full({m, stride}, 2), twice = full({m, stride}, 2);
      gemm(in(a, turn_a, m, k), in(b, turn_b, k, n), c.data(), stride);
      gemm_add(in(a, turn_a, m, k), in(b, turn_b, k, n), twice.data(), stride);
      for (long i = 0; i < m; i++)
        for (long j = 0; j < stride; j++) {
          double expected = 0;
          for (long l = 0; l < k; l++) expected += at(a, turn_a, i, l) * at(b, turn_b, l, j);
          if (j >= n) expected = 2;  // beside the result: left alone
          EXPECT_NEAR(static_cast<double>(c[i * stride + j]), expected, 1e-5) << turn_a << turn_b;
          EXPECT_NEAR(static_cast<double>(twice[i * stride + j]), j < n ? 2 + expected : 2, 1e-5)
              << turn_a << turn_b;
        }
    }
}

TEST(Gemm, RefusesFactorsThatDoNotFit) {
  const Tensor t = zeros({20});
  Tensor c = zeros({20});
  EXPECT_TRUE(
      fails_saying([&] { gemm(Matrix(t.data(), 2, 3), Matrix(t.data(), 4, 5), c.data(), 5); },
                   {"gemm", "2x3", "3 rows", "4"}));
  EXPECT_TRUE(fails_saying(
      [&] { gemm(Matrix(t.data(), 1l << 31, 1), Matrix(t.data(), 1, 1), c.data(), 1); },
      {"gemm", "2147483648x1"}));
}

}  // namespace
}  // namespace excite
