#include "core/kernels/batch_norm.h"

#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

constexpr double tolerance = in_double_build ? 1e-12 : 1e-5;

// The two-pass definition: first the mean, then the mean of (x - mean)^2.
struct Moments {
  std::vector<double> mean, var;
};
Moments define_moments(const Tensor& x) {
  const long rows = x.shape().rows(), channels = x.dim(-1);
  Moments m{std::vector<double>(channels), std::vector<double>(channels)};
  for (std::size_t c = 0; c < m.mean.size(); c++) {
    const auto number = [&](long r) {
      return static_cast<double>(x[r * channels + static_cast<long>(c)]);
    };
    for (long r = 0; r < rows; r++) m.mean[c] += number(r) / static_cast<double>(rows);
    for (long r = 0; r < rows; r++)
      m.var[c] += (number(r) - m.mean[c]) * (number(r) - m.mean[c]) / static_cast<double>(rows);
  }
  return m;
}

TEST(ChannelMoments, AVarianceThatRoundingMadeNegativeIsZero) {
  ChannelMoments moments(2);
  moments.set(0, 3, -1e-9);
  moments.set(1, 4, 0.25);
  EXPECT_TRUE(same_bits(moments.mean, Tensor({2}, {3, 4})));
  EXPECT_TRUE(same_bits(moments.var, Tensor({2}, {0, real(0.25)})));
}

TEST(ChannelMoments, MatchTheTwoPassDefinition) {
  Rng rng(0);
  for (const Shape& shape :
       {Shape{4, 5, 6, 3}, Shape{1, 1, 2, 1}, Shape{7, 40}, Shape{3, 30, 31, 5}, Shape{1, 1}}) {
    const Tensor x = normal(shape, rng, 1, 2);
    const Moments expected = define_moments(x);
    const ChannelMoments moments = channel_moments(x);
    EXPECT_TRUE(close(moments.mean, tensor_of({x.dim(-1)}, expected.mean), tolerance))
        << shape << ": mean";
    EXPECT_TRUE(close(moments.var, tensor_of({x.dim(-1)}, expected.var), tolerance))
        << shape << ": var";
  }
}

// Here mean(x^2) - mean(x)^2 in float would be wrong in the first digit.
TEST(ChannelMoments, AreAccurateIfTheMeanIsFarLargerThanTheDeviation) {
  Rng rng(1);
  const Tensor x = normal({16, 20, 20, 4}, rng, 1000, 1);
  const Moments expected = define_moments(x);
  const ChannelMoments moments = channel_moments(x);
  EXPECT_TRUE(close(moments.mean, tensor_of({4}, expected.mean), in_double_build ? 1e-14 : 1e-7));
  EXPECT_TRUE(close(moments.var, tensor_of({4}, expected.var), in_double_build ? 1e-11 : 1e-5));
}

TEST(ChannelMoments, OfEqualNumbersHaveZeroVariance) {
  const ChannelMoments moments = channel_moments(full({3, 7, 5, 2}, real(0.1)));
  EXPECT_TRUE(same_bits(moments.var, zeros({2})));
  EXPECT_TRUE(same_bits(moments.mean, full({2}, real(0.1))));
}

TEST(AffineRows, MatchesItsFormula) {
  Rng rng(2);
  const Tensor x = normal({3, 9, 8, 5}, rng), z = normal({3, 9, 8, 5}, rng);
  const Tensor mean = normal({5}, rng), a = normal({5}, rng), b = normal({5}, rng),
               d = normal({5}, rng);
  std::vector<double> one, two;
  for (long i = 0; i < x.size(); i++) {
    const auto number = [](const Tensor& t, long at) { return static_cast<double>(t[at]); };
    one.push_back(number(a, i % 5) * (number(x, i) - number(mean, i % 5)) + number(b, i % 5));
    two.push_back(one.back() + number(d, i % 5) * number(z, i));
  }
  EXPECT_TRUE(close(affine_rows(x, mean, a, b), tensor_of(x.shape(), one), tolerance));
  EXPECT_TRUE(close(affine_rows(x, mean, a, b, z, d), tensor_of(x.shape(), two), tolerance));
}

TEST(ChannelSums, MatchTheirFormula) {
  Rng rng(3);
  const Tensor x = normal({5, 11, 10, 3}, rng, 1, 1), dy = normal({5, 11, 10, 3}, rng, 1, 1),
               mean = normal({3}, rng);
  std::vector<double> sum(3), product(3);
  for (long i = 0; i < x.size(); i++) {
    const auto c = static_cast<std::size_t>(i % 3);
    sum[c] += static_cast<double>(dy[i]);
    product[c] +=
        static_cast<double>(dy[i]) * (static_cast<double>(x[i]) - static_cast<double>(mean[i % 3]));
  }
  const ChannelSums sums = channel_sums(dy, x, mean);
  EXPECT_TRUE(close(sums.dy, tensor_of({3}, sum), tolerance));
  EXPECT_TRUE(close(sums.dy_x, tensor_of({3}, product), tolerance));
}

}  // namespace
}  // namespace excite
