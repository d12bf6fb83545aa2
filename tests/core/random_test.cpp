#include "core/random.h"

#include <cmath>

#include "tests/support/errors.h"

namespace excite {
namespace {

TEST(Rng, GivesTheSameNumbersOnEveryMachine) {
  Rng rng(1, 2, 3);
  EXPECT_EQ(rng.bits(), 1754672735776498212u);
  EXPECT_EQ(rng.bits(), 2224642376868203649u);
  EXPECT_EQ(Rng(0).bits(), 4318099253933401581u);
  EXPECT_EQ(Rng(7).below(1000), 130);
  EXPECT_EQ(Rng(7).uniform(), 0.13097575413243467);
  EXPECT_NEAR(Rng(7).normal(), -0.4700268492025332, 1e-14);
}

TEST(Rng, StreamsDependOnTheOrderOfTheirIdentifiers) {
  EXPECT_EQ(Rng(1, 2).bits(), Rng(1l, 2u).bits());
  EXPECT_NE(Rng(1, 2).bits(), Rng(2, 1).bits());
  EXPECT_NE(Rng(1, 2).bits(), Rng(1, 2, 0).bits());
  EXPECT_NE(Rng(0).bits(), Rng(1).bits());
}

// A copy would draw the same numbers once more: two layers would get equal weights.
TEST(Rng, IsMovedButNotCopied) {
  static_assert(!std::is_copy_constructible_v<Rng> && !std::is_copy_assignable_v<Rng>);
  Rng a(5), same(5);
  a.bits(), same.bits();
  Rng b = std::move(a);
  EXPECT_EQ(b.bits(), same.bits());
}

TEST(Rng, AForkFollowsFromKeyAndPositionAndLeavesItsStreamAsItIs) {
  Rng a(5), same(5), other(6);
  const std::uint64_t first = a.fork().bits();
  EXPECT_EQ(a.fork().bits(), first);
  EXPECT_NE(other.fork().bits(), first);
  EXPECT_EQ(a.bits(), same.bits()) << "a fork does not advance the stream";
  EXPECT_NE(a.fork().bits(), first);
  EXPECT_NE(Rng(5, 1).bits(), a.fork().bits())
      << "a fork at position 1 is no stream of two numbers";
  EXPECT_EQ(a.fork().bits(), same.fork().bits());
  EXPECT_TRUE(Rng::silent().fork().is_silent());
  EXPECT_FALSE(a.fork().is_silent());
}

TEST(Rng, UniformNumbersAreUniformlyDistributed) {
  Rng rng(0);
  constexpr int draws = 200'000, bins = 20;
  std::vector<int> count(bins);
  double sum = 0, covariance = 0, previous = 0.5;
  for (int i = 0; i < draws; i++) {
    const double u = rng.uniform();
    ASSERT_TRUE(u >= 0 && u < 1) << u;
    count[static_cast<long>(u * bins)]++;
    sum += u;
    covariance += (u - 0.5) * (previous - 0.5);
    previous = u;
  }
  for (const int c : count) EXPECT_NEAR(c, draws / bins, 5 * std::sqrt(draws / bins));
  EXPECT_NEAR(sum / draws, 0.5, 0.004);
  EXPECT_NEAR(covariance / draws, 0, 0.001);
}

// E z = 0, E z^2 = 1, E z^3 = 0, E z^4 = 3.
TEST(Rng, NormalNumbersHaveTheMomentsOfTheNormalDistribution) {
  Rng rng(0);
  constexpr int draws = 200'000;
  double moment[4] = {};
  for (int i = 0; i < draws; i++) {
    const double z = rng.normal();
    for (int k = 0; k < 4; k++) moment[k] += std::pow(z, k + 1) / draws;
  }
  EXPECT_NEAR(moment[0], 0, 0.012);
  EXPECT_NEAR(moment[1], 1, 0.02);
  EXPECT_NEAR(moment[2], 0, 0.05);
  EXPECT_NEAR(moment[3], 3, 0.15);
}

TEST(Rng, BelowIsUnbiased) {
  Rng rng(0);
  std::vector<int> count(7);
  for (int i = 0; i < 70'000; i++) count.at(rng.below(7))++;
  for (const int c : count) EXPECT_NEAR(c, 10'000, 500);
  EXPECT_EQ(rng.below(1), 0);

  // Without rejection, every third of 3 * 2^61 numbers would be twice as likely.
  constexpr long n = 3l << 61;
  int lower = 0;
  for (int i = 0; i < 30'000; i++) lower += rng.below(n) % 3 == 0;
  EXPECT_NEAR(lower, 10'000, 500);
  EXPECT_TRUE(fails_saying([&] { rng.below(0); }, {"below(0)", "at least 1"}));
}

TEST(Rng, StreamsOfNeighboringIdentifiersAreUncorrelated) {
  constexpr int streams = 20'000;
  double sum = 0, product = 0;
  for (int i = 0; i < streams; i++) {
    const double a = Rng(0, i).uniform() - 0.5, b = Rng(0, i + 1).uniform() - 0.5;
    sum += a;
    product += a * b;
  }
  EXPECT_NEAR(sum / streams, 0, 0.01);
  EXPECT_NEAR(product / streams, 0, 0.003);
}

}  // namespace
}  // namespace excite
