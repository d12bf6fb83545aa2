#include "autograd/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

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

TEST(Schedule, CosineAndOneCycleFallToTheFloor) {
  Schedule s{.decay = Decay::cosine, .peak = 2, .total_steps = 60, .floor = 0.5};
  EXPECT_DOUBLE_EQ(s.at(0), 2);
  EXPECT_NEAR(s.at(30), 1.25, 1e-14);
  EXPECT_DOUBLE_EQ(s.at(60), 0.5);
  s.decay = Decay::one_cycle;
  EXPECT_DOUBLE_EQ(s.at(20), 1.5);
  EXPECT_DOUBLE_EQ(s.at(60), 0.5);
  s.floor = 3;
  EXPECT_TRUE(fails_saying<UsageError>([&] { s.validate(); }, {"rate of 3", "0 to 2"}));
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

// Each decay with what it needs besides the number of steps.
std::vector<Schedule> schedules(long total_steps, long warmup_steps) {
  std::vector<Schedule> all;
  for (const Decay decay : {Decay::constant, Decay::cosine, Decay::one_cycle})
    all.push_back(
        {.decay = decay, .peak = 1, .total_steps = total_steps, .warmup_steps = warmup_steps});
  all.push_back(all[0]);
  all.back().decay = Decay::step, all.back().every = 20;
  all.push_back(all[0]);
  all.back().decay = Decay::multistep, all.back().milestones = {20};
  return all;
}

TEST(Schedule, WorksWithoutAWarmUpAndWithNothingElse) {
  for (const Schedule& no_warm_up : schedules(10, 0)) EXPECT_EQ(no_warm_up.at(0), 1);
  for (const Schedule& all_warm_up : schedules(10, 10)) {
    EXPECT_DOUBLE_EQ(all_warm_up.at(9), 0.9);
    EXPECT_TRUE(std::isfinite(all_warm_up.at(10)));
    EXPECT_NO_THROW(all_warm_up.validate());
  }
}

TEST(Schedule, RefusesNumbersOutOfRange) {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  const auto refused = [](const std::function<void(Schedule&)>& change, const std::string& word) {
    Schedule s{.peak = 1, .total_steps = 10};
    EXPECT_NO_THROW(s.at(5));
    change(s);
    EXPECT_TRUE(fails_saying<UsageError>([&] { s.validate(); }, {"schedule: ", word}));
    EXPECT_TRUE(fails_saying<UsageError>([&] { s.at(5); }, {"schedule: ", word}));
  };
  for (const double peak : {0.0, -1.0, nan, infinity})
    refused([&](Schedule& s) { s.peak = peak; }, "learning rate ");
  for (const long steps : {0, -1})
    refused([&](Schedule& s) { s.total_steps = steps; }, text("total_steps is ", steps));
  for (const long steps : {-1, 11})
    refused([&](Schedule& s) { s.warmup_steps = steps; }, text("a warm-up of ", steps));
  for (const double gamma : {0.0, 2.0, nan})
    refused([&](Schedule& s) { s.gamma = gamma; }, "gamma ");
  refused([](Schedule& s) { s.milestones = {5, 3}; }, "milestones 5, 3");
  refused([](Schedule& s) { s.milestones = {-5, 3}; }, "milestones -5, 3");
  refused([](Schedule& s) { s.every = -1; }, "every -1 steps");
  refused([](Schedule& s) { s.decay = Decay::step; }, "every 0 steps, expected at least 1");
  refused([](Schedule& s) { s.decay = Decay::multistep; }, "multistep without milestones");
  EXPECT_TRUE(fails_saying<UsageError>([] { Schedule{.peak = 0.1}.at(0); },
                                       {"total_steps is 0, expected the number of steps"}));
  EXPECT_TRUE(fails_saying<UsageError>([] { Schedule{.peak = 1, .total_steps = 9}.at(-1); },
                                       {"the rate at step -1, expected at least 0"}));
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
