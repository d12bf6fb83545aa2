#include "core/gemm.h"

#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

// Each factor as it is and transposed, as parts of larger matrices.
TEST(Gemm, MatchesItsDefinitionWithStridesAndTransposes) {
  Rng rng(0);
  constexpr long m = 5, k = 7, n = 4, stride = 9;
  const Tensor a = uniform({stride, stride}, rng, -1), b = uniform({stride, stride}, rng, -1);
  const auto in = [&](const Tensor& t, bool transpose, long rows, long cols) {
    return transpose ? transposed(Matrix(t.data(), cols, rows, stride))
                     : Matrix(t.data(), rows, cols, stride);
  };
  const auto at = [&](const Tensor& t, bool transpose, long i, long j) {
    return static_cast<double>(transpose ? t[j * stride + i] : t[i * stride + j]);
  };
  for (const bool transpose_a : {false, true})
    for (const bool transpose_b : {false, true}) {
      Tensor c = full({m, stride}, 2), sum = full({m, stride}, 2);
      gemm(in(a, transpose_a, m, k), in(b, transpose_b, k, n), c.data(), stride);
      gemm_add(in(a, transpose_a, m, k), in(b, transpose_b, k, n), sum.data(), stride);
      for (long i = 0; i < m; i++)
        for (long j = 0; j < stride; j++) {
          double expected = 0;
          for (long l = 0; l < k; l++)
            expected += at(a, transpose_a, i, l) * at(b, transpose_b, l, j);
          if (j >= n) expected = 2;  // right of the result: unchanged
          EXPECT_NEAR(static_cast<double>(c[i * stride + j]), expected, 1e-5)
              << transpose_a << transpose_b;
          EXPECT_NEAR(static_cast<double>(sum[i * stride + j]), j < n ? 2 + expected : 2, 1e-5)
              << transpose_a << transpose_b;
        }
    }
}

TEST(Gemm, RefusesFactorsWhoseShapesDoNotMatch) {
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
