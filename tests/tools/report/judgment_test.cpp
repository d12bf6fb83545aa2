#include "tools/report/judgment.h"

#include <gtest/gtest.h>

#include "tests/support/compare.h"

namespace excite {
namespace {

std::vector<long> indices(const std::vector<Judgment>& images) {
  std::vector<long> all;
  for (const Judgment& j : images) all.push_back(j.index);
  return all;
}

const std::vector<Judgment> images{{0, 1, 1, 0.9, 0.9},   {1, 1, 0, 0.6, 0.3}, {2, 0, 0, 0.4, 0.4},
                                   {3, 0, 2, 0.95, 0.01}, {4, 2, 2, 0.7, 0.7}, {5, 2, 1, 0.6, 0.2}};

TEST(Judgment, WorstMistakesAreTheSurestOnes) {
  EXPECT_EQ(indices(worst_mistakes(images, 10)), (std::vector<long>{3, 1, 5}));
  EXPECT_EQ(indices(worst_mistakes(images, 2)), (std::vector<long>{3, 1})) << "the first of equals";
  EXPECT_EQ(indices(least_certain(images, 2)), (std::vector<long>{2, 4}));
}

// Ten images: confidence 0.95 and right nine times, which is nearly calibrated; then 0.95 and
// wrong.
TEST(Judgment, ReliabilityByHand) {
  std::vector<Judgment> all(9, {0, 1, 1, 0.95, 0.95});
  all.push_back({9, 0, 1, 0.95, 0.05});
  all.push_back({10, 0, 1, 0.25, 0.2});
  const std::vector<ReliabilityBin> bins = reliability(all);
  ASSERT_EQ(bins.size(), 10u);
  EXPECT_EQ(bins[9].count, 10);
  EXPECT_NEAR(bins[9].confidence, 0.95, 1e-12);
  EXPECT_NEAR(bins[9].accuracy, 0.9, 1e-12);
  EXPECT_EQ(bins[2].count, 1);
  EXPECT_NEAR(calibration_error(bins), (10 * 0.05 + 1 * 0.25) / 11, 1e-12);
  EXPECT_EQ(reliability({{0, 1, 1, 1, 1}})[9].count, 1) << "a confidence of 1 is in the last bin";
  EXPECT_EQ(calibration_error(reliability({})), 0);
}

// Class 0: three images, two found; it is predicted three times. Class 2 has neither.
TEST(Judgment, ScoresByHand) {
  Metrics metrics(3);
  metrics.add(tensor_of({4, 3}, {5, 0, 0, 5, 0, 0, 0, 5, 0, 5, 0, 0}), {0, 0, 0, 1});
  const ClassScores s = scores_of(metrics, 0);
  EXPECT_NEAR(s.precision, 2.0 / 3, 1e-12);
  EXPECT_NEAR(s.recall, 2.0 / 3, 1e-12);
  EXPECT_NEAR(s.f1, 2.0 / 3, 1e-12);
  EXPECT_EQ(scores_of(metrics, 1).precision, 0);
  EXPECT_EQ(scores_of(metrics, 2).f1, 0);
}

}  // namespace
}  // namespace excite
