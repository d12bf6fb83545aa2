// The sweep of learning rates behind lr-find.
#include "tools/training/lr_sweep.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/support/errors.h"
#include "tests/support/training_images.h"
#include "tools/data/normalization.h"

namespace excite {
namespace {

// Losses 3 - fall(log10 of the rate) at 41 rates from 1e-4 to 1.
LrSweep sweep_of(double (*loss)(double exponent)) {
  LrSweep sweep;
  for (int i = 0; i <= 40; i++) {
    const double exponent = -4 + i / 10.0, value = loss(exponent);
    sweep.points.push_back({std::pow(10, exponent), value, value});
  }
  return sweep;
}

// The loss falls by 0.1 per factor of ten, by 2 between 1e-2 and 1e-1, and rises after 0.1.
TEST(LrSuggestion, IsWhereTheLossFallsFastestBeforeItsMinimum) {
  LrSweep sweep = sweep_of([](double e) {
    if (e < -2) return 3 - 0.1 * (e + 4);
    return e < -1 ? 2.8 - 2 * (e + 2) : 0.8 + 3 * (e + 1);
  });
  sweep.exploded_at = 1.26;
  const LrSuggestion found = suggest_learning_rate(sweep);
  EXPECT_GE(found.lr, 0.02);
  EXPECT_LE(found.lr, 0.05);
  EXPECT_EQ(
      found.reason,
      "the loss falls fastest there, by 2.00 when the rate grows tenfold; it is lowest at 0.1 "
      "and explodes at 1.3");
}

TEST(LrSuggestion, DoesNotExistIfTheLossOnlyRises) {
  const LrSuggestion found = suggest_learning_rate(sweep_of([](double e) { return 6 + e; }));
  EXPECT_EQ(found.lr, 0);
  EXPECT_EQ(found.reason,
            "the loss does not fall at any of the rates; try smaller ones, or more steps");
  EXPECT_EQ(suggest_learning_rate({}).lr, 0);
}

Recipe small_recipe() {
  Recipe r;
  r.model = "se_resnet8";
  r.batch = 8;
  r.augment = "none";
  return r;
}

// Batches of 8, a new one in each step.
struct LrSweepOfANetwork : testing::Test {
  const Dataset data = noisy_images(64);
  const Normalization normalization = compute_normalization(data);
  const Recipe recipe = small_recipe();
  LrSweep sweep(const LrSweepOptions& options, const std::function<bool()>& stop = {}) {
    TrainingStep step(recipe, make_model(recipe, data.class_count()), data, normalization);
    return sweep_learning_rates(step, options, stop);
  }
};

TEST_F(LrSweepOfANetwork, TakesStepsAtRatesThatGrowByOneFactor) {
  const LrSweep found = sweep({.first = 1e-3, .last = 1e-1, .steps = 11});
  ASSERT_EQ(found.points.size(), 11u);
  EXPECT_EQ(found.exploded_at, 0);
  double sum = 0, weight = 0;
  for (std::size_t i = 0; i < 11; i++) {
    const LrPoint& p = found.points[i];
    EXPECT_NEAR(p.lr, std::pow(10, -3 + 0.2 * static_cast<double>(i)), 1e-9);
    sum = 0.9 * sum + p.loss, weight = 0.9 * weight + 1;
    EXPECT_NEAR(p.smoothed, sum / weight, 1e-9);
  }
}

// The same steps as those of a run at these rates.
TEST_F(LrSweepOfANetwork, HasTheLossesOfTrainingSteps) {
  TrainingStep step(recipe, make_model(recipe, data.class_count()), data, normalization);
  step.set_learning_rates([](long i) { return 1e-3 * std::pow(10, static_cast<double>(i) / 5); });
  const LrSweep found = sweep({.first = 1e-3, .last = 1e-1, .steps = 11});
  for (long i = 0; i < 11; i++) EXPECT_NEAR(step(i).loss, found.points[i].loss, 1e-5) << i;
}

TEST_F(LrSweepOfANetwork, EndsWhereTheLossExplodes) {
  const LrSweep found = sweep({.first = 1e-3, .last = 1e12, .steps = 30});
  EXPECT_LT(found.points.size(), 30u);
  EXPECT_GT(found.exploded_at, 1e-3);
  EXPECT_LT(found.exploded_at, 1e12);
  double lowest = found.points[0].smoothed;
  for (std::size_t i = 0; i + 1 < found.points.size(); i++) {
    lowest = std::min(lowest, found.points[i].smoothed);
    EXPECT_LE(found.points[i].smoothed, 4 * lowest) << i;
  }
}

TEST_F(LrSweepOfANetwork, StopsWhenAsked) {
  long steps = 0;
  EXPECT_EQ(sweep({}, [&] { return steps++ == 3; }).points.size(), 3u);
}

TEST_F(LrSweepOfANetwork, RefusesAnEmptyRange) {
  EXPECT_TRUE(fails_saying<UsageError>([&] { sweep({.first = 1, .last = 0.1}); },
                                       {"learning rates from 1 to 0.1"}));
  EXPECT_TRUE(
      fails_saying<UsageError>([&] { sweep({.steps = 2}); }, {"2 steps, expected at least 10"}));
}

}  // namespace
}  // namespace excite
