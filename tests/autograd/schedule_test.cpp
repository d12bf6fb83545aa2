#include "autograd/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/errors.h"

namespace excite {
namespace {

TEST(Schedule, OneCycleRisesFromZeroToThePeakAndFallsToZero) {
  const Schedule s{.decay = Decay::one_cycle, .peak = 0.2, .total_steps = 100, .warmup_steps = 20};
  EXPECT_EQ(s.at(0), 0);
  EXPECT_DOUBLE_EQ(s.at(10), 0.1);
  EXPECT_DOUBLE_EQ(s.at(19), 0.19);
  EXPECT_DOUBLE_EQ(s.at(20), 0.2);
  EXPECT_DOUBLE_EQ(s.at(60), 0.1);
  EXPECT_DOUBLE_EQ(s.at(99), 0.0025);
  EXPECT_EQ(s.at(100), 0);
  EXPECT_EQ(s.at(1000), 0);
}

TEST(Schedule, CosineFallsToZero) {
  const Schedule s{.decay = Decay::cosine, .peak = 2, .total_steps = 90, .warmup_steps = 30};
  EXPECT_EQ(s.at(0), 0);
  EXPECT_DOUBLE_EQ(s.at(15), 1);
  EXPECT_DOUBLE_EQ(s.at(30), 2);
  EXPECT_NEAR(s.at(50), 1.5, 1e-14);  // 1 + cos(pi / 3)
  EXPECT_NEAR(s.at(60), 1, 1e-14);
  EXPECT_NEAR(s.at(70), 0.5, 1e-14);
  EXPECT_EQ(s.at(90), 0);
}

TEST(Schedule, StepFallsByGammaAtRegularIntervals) {
  const Schedule s{.decay = Decay::step,
                   .peak = 1,
                   .total_steps = 100,
                   .warmup_steps = 4,
                   .every = 30,
                   .gamma = 0.5};
  EXPECT_DOUBLE_EQ(s.at(3), 0.75);
  EXPECT_EQ(s.at(4), 1);
  EXPECT_EQ(s.at(29), 1);
  EXPECT_EQ(s.at(30), 0.5);
  EXPECT_EQ(s.at(59), 0.5);
  EXPECT_EQ(s.at(60), 0.25);
  EXPECT_EQ(s.at(99), 0.125);
}

TEST(Schedule, MultistepFallsByGammaAtEachMilestone) {
  const Schedule s{.decay = Decay::multistep,
                   .peak = 1,
                   .total_steps = 100,
                   .milestones = {50, 75},
                   .gamma = 0.1};
  EXPECT_EQ(s.at(0), 1);
  EXPECT_EQ(s.at(49), 1);
  EXPECT_DOUBLE_EQ(s.at(50), 0.1);
  EXPECT_DOUBLE_EQ(s.at(74), 0.1);
  EXPECT_DOUBLE_EQ(s.at(75), 0.01);
  EXPECT_DOUBLE_EQ(s.at(99), 0.01);
}

TEST(Schedule, ConstantStaysAtThePeakAfterTheWarmUp) {
  const Schedule s{.decay = Decay::constant, .peak = 0.3, .total_steps = 100, .warmup_steps = 2};
  EXPECT_EQ(s.at(0), 0);
  EXPECT_DOUBLE_EQ(s.at(1), 0.15);
  EXPECT_EQ(s.at(2), 0.3);
  EXPECT_EQ(s.at(99), 0.3);
}

TEST(Schedule, WorksWithoutAWarmUpAndWithNothingElse) {
  for (const Decay decay :
       {Decay::constant, Decay::step, Decay::multistep, Decay::cosine, Decay::one_cycle}) {
    const Schedule no_warm_up{.decay = decay, .peak = 1, .total_steps = 10};
    EXPECT_EQ(no_warm_up.at(0), 1);
    const Schedule all_warm_up{.decay = decay, .peak = 1, .total_steps = 10, .warmup_steps = 10};
    EXPECT_DOUBLE_EQ(all_warm_up.at(9), 0.9);
    EXPECT_TRUE(std::isfinite(all_warm_up.at(10)));
    EXPECT_NO_THROW(all_warm_up.validate());
  }
}

TEST(Schedule, RefusesNumbersOutOfRange) {
  EXPECT_THROW((Schedule{.peak = 0}.validate()), UsageError);
  EXPECT_THROW((Schedule{.total_steps = 0}.validate()), UsageError);
  EXPECT_THROW((Schedule{.total_steps = 5, .warmup_steps = 6}.validate()), UsageError);
  EXPECT_THROW((Schedule{.warmup_steps = -1}.validate()), UsageError);
  EXPECT_THROW((Schedule{.milestones = {5, 3}}.validate()), UsageError);
  EXPECT_THROW((Schedule{.milestones = {-5, 3}}.validate()), UsageError);
  EXPECT_THROW((Schedule{.every = 0}.validate()), UsageError);
  EXPECT_THROW((Schedule{.gamma = 0}.validate()), UsageError);
  EXPECT_THROW((Schedule{.gamma = 2}.validate()), UsageError);
  EXPECT_NO_THROW((Schedule{}.validate()));
}

TEST(Schedule, IsParsedByNameAndSuggestsTheClosestMatch) {
  EXPECT_EQ(parse_decay("one-cycle"), Decay::one_cycle);
  EXPECT_EQ(parse_decay("cosine"), Decay::cosine);
  EXPECT_EQ(parse_decay("step"), Decay::step);
  EXPECT_EQ(parse_decay("multistep"), Decay::multistep);
  EXPECT_EQ(parse_decay("constant"), Decay::constant);
  EXPECT_TRUE(fails_saying<UsageError>([] { parse_decay("cosin"); },
                                       {"there is no schedule 'cosin'; the nearest is cosine"}));
}

}  // namespace
}  // namespace excite
