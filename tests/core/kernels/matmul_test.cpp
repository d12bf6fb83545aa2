#include "core/kernels/matmul.h"

#include <array>

#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

constexpr double tolerance = in_double_build ? 1e-12 : 1e-5;

Tensor transposed_tensor(const Tensor& a) {
  Tensor t({a.dim(1), a.dim(0)});
  for (long i = 0; i < a.dim(0); i++)
    for (long j = 0; j < a.dim(1); j++) t[j * a.dim(0) + i] = a[i * a.dim(1) + j];
  return t;
}

// c[i, j] = sum over k of a[i, k] b[k, j]
Tensor define(const Tensor& a, const Tensor& b) {
  std::vector<double> c;
  for (long i = 0; i < a.dim(0); i++)
    for (long j = 0; j < b.dim(1); j++) {
      double total = 0;
      for (long k = 0; k < a.dim(1); k++)
        total +=
            static_cast<double>(a[i * a.dim(1) + k]) * static_cast<double>(b[k * b.dim(1) + j]);
      c.push_back(total);
    }
  return tensor_of({a.dim(0), b.dim(1)}, c);
}

void expect_definition(long m, long k, long n, Rng& rng) {
  const Tensor a = uniform({m, k}, rng, -1), b = uniform({k, n}, rng, -1), c = define(a, b);
  EXPECT_TRUE(close(matmul(a, b), c, tolerance)) << m << " " << k << " " << n;
  EXPECT_TRUE(close(matmul_transposed_b(a, transposed_tensor(b)), c, tolerance))
      << m << " " << k << " " << n;
  EXPECT_TRUE(close(matmul_transposed_a(transposed_tensor(a), b), c, tolerance))
      << m << " " << k << " " << n;
}

TEST(Matmul, MatchesItsDefinitionWithAndWithoutATransposedFactor) {
  Rng rng(0);
  for (int trial = 0; trial < 20; trial++) {
    const long m = 1 + rng.below(trial < 15 ? 20 : 200), k = 1 + rng.below(40),
               n = 1 + rng.below(20);
    expect_definition(m, k, n, rng);
  }
}

TEST(Matmul, MatchesItsDefinitionIfColumnsAreSplit) {
  Rng rng(1);
  for (const auto& [m, k, n] :
       {std::array{1l, 2048l, 130l}, {16l, 512l, 301l}, {70l, 300l, 700l}, {520l, 30l, 90l}})
    expect_definition(m, k, n, rng);
}

TEST(Matmul, AcceptsEmptyMatrices) {
  EXPECT_TRUE(same_bits(matmul(Tensor({2, 0}), Tensor({0, 3})), zeros({2, 3})));
  EXPECT_EQ(matmul(zeros({0, 4}), zeros({4, 3})).shape(), (Shape{0, 3}));
  EXPECT_EQ(matmul(zeros({2, 4}), zeros({4, 0})).shape(), (Shape{2, 0}));
}

TEST(Matmul, ErrorsNameTheShapes) {
  EXPECT_TRUE(fails_saying(
      [] {
        matmul(zeros({2, 3}), zeros({4, 5}));
      },
      {"matmul", "[2, 3]", "[4, 5]", "inner"}));
  EXPECT_TRUE(fails_saying(
      [] {
        matmul_transposed_b(zeros({2, 3}), zeros({5, 4}));
      },
      {"[2, 3]", "[4, 5]"}));
  EXPECT_TRUE(fails_saying([] { matmul(zeros({2, 3}), zeros({3})); }, {"matmul", "[3]", "rank 2"}));
}

}  // namespace
}  // namespace excite
