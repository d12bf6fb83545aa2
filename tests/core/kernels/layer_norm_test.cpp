#include "core/kernels/layer_norm.h"

#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

constexpr double tolerance = in_double_build ? 1e-12 : 1e-5;

// Plain loops in double.
struct Definition {
  std::vector<double> y, dx, dgamma;
};
Definition define(const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps,
                  const Tensor& dy) {
  const long channels = x.dim(-1);
  const auto at = [](const Tensor& t, long i) { return static_cast<double>(t[i]); };
  const auto mean_of = [&](const auto& term) {
    double total = 0;
    for (long c = 0; c < channels; c++) total += term(c);
    return total / static_cast<double>(channels);
  };
  Definition d;
  d.dgamma.assign(channels, 0);
  for (long i = 0; i < x.size(); i += channels) {
    const double mean = mean_of([&](long c) { return at(x, i + c); }),
                 var = mean_of([&](long c) { return std::pow(at(x, i + c) - mean, 2); }),
                 std = std::sqrt(var + eps);
    const auto n = [&](long c) { return (at(x, i + c) - mean) / std; };
    const auto g = [&](long c) { return at(gamma, c) * at(dy, i + c); };
    const double mean_g = mean_of(g), mean_gn = mean_of([&](long c) { return g(c) * n(c); });
    for (long c = 0; c < channels; c++) {
      d.y.push_back(at(gamma, c) * n(c) + at(beta, c));
      d.dx.push_back((g(c) - mean_g - n(c) * mean_gn) / std);
      d.dgamma[c] += at(dy, i + c) * n(c);
    }
  }
  return d;
}

TEST(LayerNorm, ValueAndGradientsMatchTheDefinition) {
  Rng rng(0);
  for (const double eps : {1e-5, 0.5})
    for (const Shape& shape :
         {Shape{4, 5}, Shape{7}, Shape{200, 8}, Shape{3, 17}, Shape{2, 3, 5, 40}}) {
      const Shape channels{shape[-1]};
      const Tensor x = normal(shape, rng, 1, 2), gamma = normal(channels, rng),
                   beta = normal(channels, rng), dy = normal(shape, rng);
      const Definition d = define(x, gamma, beta, eps, dy);
      const RowMoments rows = row_moments(x, eps);
      EXPECT_TRUE(close(layer_norm(x, rows, gamma, beta), tensor_of(shape, d.y), tolerance))
          << shape;
      EXPECT_TRUE(close(layer_norm_dx(dy, x, rows, gamma), tensor_of(shape, d.dx), tolerance))
          << shape;
      EXPECT_TRUE(close(layer_norm_dgamma(dy, x, rows), tensor_of(channels, d.dgamma), tolerance))
          << shape;
    }
}

TEST(LayerNorm, GivesEachRowMeanZeroAndVarianceOne) {
  Rng rng(0);
  const Tensor x = normal({50, 64}, rng, 100, 3);
  const Tensor y = layer_norm(x, row_moments(x, 0), full({64}, 1), zeros({64}));
  for (long r = 0; r < 50; r++) {
    double sum = 0, squares = 0;
    for (long c = 0; c < 64; c++) {
      const double v = static_cast<double>(y[r * 64 + c]);
      sum += v, squares += v * v;
    }
    EXPECT_NEAR(sum / 64, 0, 1e-5);
    EXPECT_NEAR(squares / 64, 1, 1e-5);
  }
}

// In float, the squares of these numbers overflow.
TEST(LayerNorm, NormalizesHugeNumbers) {
  const real huge = real(1e30);
  const Tensor x({1, 4}, {huge, -huge, huge, -huge}), one = full({4}, 1);
  const RowMoments rows = row_moments(x, 1e-5);
  EXPECT_TRUE(close(layer_norm(x, rows, one, zeros({4})), Tensor({1, 4}, {1, -1, 1, -1}), 1e-6));
  for (const real v : layer_norm_dx(Tensor({1, 4}, {1, 0, 0, 0}), x, rows, one))
    EXPECT_TRUE(std::isfinite(v)) << v;
}

TEST(LayerNorm, OfARowOfEqualNumbersIsBeta) {
  const Tensor x = full({2, 3}, 7), beta({3}, {1, 2, 3});
  EXPECT_TRUE(same_bits(layer_norm(x, row_moments(x, 1e-5), full({3}, 5), beta),
                        Tensor({2, 3}, {1, 2, 3, 1, 2, 3})));
}

}  // namespace
}  // namespace excite
