#include "tools/training/metrics.h"

#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "models/ensemble.h"
#include "models/infer.h"
#include "models/zoo/registry.h"
#include "tests/support/compare.h"
#include "tests/support/training_images.h"

namespace excite {
namespace {

TEST(Metrics, OfThreeImagesWorkedByHand) {
  Metrics m(6);
  //            label 2: the largest     label 0: the fifth       label 5: the smallest
  m.add(Tensor({3, 6}, {0, 1, 9, 0, 0, 0, 1, 5, 4, 3, 2, 0, 6, 5, 4, 3, 2, 1}), {2, 0, 5});
  EXPECT_EQ(m.count(), 3);
  EXPECT_DOUBLE_EQ(m.top1(), 1.0 / 3);
  EXPECT_DOUBLE_EQ(m.top5(), 2.0 / 3);
  EXPECT_EQ(m.confusion(2, 2), 1);
  EXPECT_EQ(m.confusion(0, 1), 1);
  EXPECT_EQ(m.confusion(5, 0), 1);
  EXPECT_EQ(m.count_of(5), 1);
  EXPECT_EQ(m.count_of(4), 0);
  EXPECT_EQ(m.accuracy_of(2), 1);
  EXPECT_EQ(m.accuracy_of(4), 0);
  const double e = std::exp(1.0);
  const auto log_sum = [=](std::initializer_list<double> x) {
    double sum = 0;
    for (const double v : x) sum += std::pow(e, v);
    return std::log(sum);
  };
  const double expected = log_sum({0, 1, 9, 0, 0, 0}) - 9 + log_sum({1, 5, 4, 3, 2, 0}) - 1 +
                          log_sum({6, 5, 4, 3, 2, 1}) - 1;
  EXPECT_NEAR(m.loss(), expected / 3, 1e-12);
  EXPECT_NEAR(m.loss(), 3.3044, 5e-5) << "as tools/README.md says";
}

TEST(Metrics, TheFirstOfEqualLogitsIsThePredictionAndNaNNeverIs) {
  const real nan = std::numeric_limits<real>::quiet_NaN();
  const Tensor x({4}, {1, 1, 0, 1}), invalid({2}, {nan, nan});
  EXPECT_EQ(rank_of(x.data(), 4, 0), 0);
  EXPECT_EQ(rank_of(x.data(), 4, 1), 1);
  EXPECT_EQ(rank_of(x.data(), 4, 2), 3);
  EXPECT_EQ(rank_of(x.data(), 4, 3), 2);
  EXPECT_EQ(rank_of(invalid.data(), 2, 0), 1);
}

TEST(Metrics, AnImageWithALogitThatIsNaNIsWrongAndHasNoPrediction) {
  const real nan = std::numeric_limits<real>::quiet_NaN();
  for (const auto& row : {std::array{nan, real(2), real(1)}, std::array{real(2), nan, real(1)},
                          std::array{real(2), real(1), nan}, std::array{nan, nan, nan}})
    for (const int label : {0, 1, 2}) {
      Metrics m(3);
      m.add(Tensor({2, 3}, {row[0], row[1], row[2], 0, 0, 1}), {label, 2});
      EXPECT_EQ(m.top1(), 0.5) << label;
      EXPECT_EQ(m.count_of(label), label == 2 ? 2 : 1);
      EXPECT_EQ(m.accuracy_of(label), label == 2 ? 0.5 : 0) << label;
      for (const long predicted : {0, 1}) EXPECT_EQ(m.confusion(label, predicted), 0);
      EXPECT_TRUE(std::isnan(m.loss()));
    }
}

TEST(Accuracy, IsTheFractionOfRowsWhoseLabelHasTheLargestLogit) {
  const real nan = std::numeric_limits<real>::quiet_NaN();
  const Tensor logits({4, 3}, {0, 2, 1, 5, 4, 3, 1, 1, 0, nan, nan, nan});
  EXPECT_EQ(count_correct(logits, {1, 0, 1, 1}), 2) << "of equal logits the first is predicted";
  EXPECT_DOUBLE_EQ(accuracy(logits, {1, 0, 0, 1}), 0.75);
  EXPECT_DOUBLE_EQ(accuracy(logits, {2, 2, 2, 1}), 0);
}

TEST(Accuracy, RefusesOtherShapesAndLabels) {
  const auto fails = [](const Shape& logits, const std::vector<int>& labels,
                        const std::string& saying) {
    return fails_saying([&] { accuracy(zeros(logits), labels); }, {saying});
  };
  EXPECT_TRUE(fails({4, 3}, {1, 0}, "2 labels, but the logits are [4, 3], expected [2, classes]"));
  EXPECT_TRUE(fails({2}, {1, 0}, "the logits are [2]"));
  EXPECT_TRUE(fails({2, 3}, {1, 3}, "label 1 is 3, expected 0 to 2"));
  EXPECT_TRUE(fails({2, 3}, {-1, 0}, "label 0 is -1"));
  EXPECT_TRUE(fails({0, 3}, {}, "no labels"));
}

TEST(Metrics, RefuseALabelThatIsNoClassAndTheLossOfNoImages) {
  Metrics m(2);
  EXPECT_TRUE(fails_saying([&] { m.loss(); }, {"metrics: the loss of no images"}));
  EXPECT_TRUE(fails_saying(
      [&] {
        m.add(zeros({1, 2}), {7});
      },
      {"metrics: label 0 is 7, expected 0 to 1, one of the 2 classes"}));
  EXPECT_TRUE(fails_saying([&] { m.add(zeros({1, 2}), {-1}); }, {"metrics: label 0 is -1"}));
}

TEST(Metrics, LargeLogitsDoNotOverflow) {
  Metrics m(2);
  m.add(Tensor({1, 2}, {30000, 29999}), {1});
  EXPECT_NEAR(m.loss(), 1 + std::log(1 + std::exp(-1.0)), 1e-9);
}

TEST(MeasureAccuracy, KeepsTheLastShortBatchAndIsIndependentOfTheBatchSize) {
  Rng rng(0);
  const Model model = make_model("se_resnet8", {}, 10, rng);
  const Dataset data = noisy_images(21);
  long batches = 0;
  const auto count = [&](const Metrics&) { return ++batches, true; };
  const Metrics by_eight =
      measure_accuracy(Ensemble({{model, compute_normalization(data)}}), data, {8}, count);
  EXPECT_EQ(by_eight.count(), 21);
  EXPECT_EQ(batches, 3);
  const Metrics whole =
      measure_accuracy(Ensemble({{model, compute_normalization(data)}}), data, {100}, count);
  EXPECT_NEAR(by_eight.loss(), whole.loss(), 1e-5 * whole.loss());
  EXPECT_EQ(by_eight.top1(), whole.top1());
  for (const Var& p : model.module().parameters())
    EXPECT_TRUE(p.requires_grad() && p->grad.empty());
}

TEST(MeasureAccuracy, OfSeveralModelsIsThatOfTheirWeightedMean) {
  Rng rng(0);
  const Model a = make_model("se_resnet8", {}, 10, rng), b = make_model("resnet8", {}, 10, rng);
  const Dataset data = noisy_images(21);
  const Normalization as_a = compute_normalization(data), as_b{{0.5, 0.4, 0.3}, {0.1, 0.2, 0.3}};
  std::vector<long> all(21);
  std::iota(all.begin(), all.end(), 0l);
  std::vector<Tensor> logits;
  logits.push_back(infer(a, make_batch(data, all, as_a, {}, 0, 0).x));
  logits.push_back(infer(b, make_batch(data, all, as_b, {}, 0, 0).x));
  Metrics expected(10);
  expected.add(log_mean_probability(std::move(logits), {1, 2}), data.labels);
  const Metrics measured = measure_accuracy(Ensemble({{a, as_a, 1}, {b, as_b, 2}}), data, {8},
                                            [](const Metrics&) { return true; });
  EXPECT_NEAR(measured.loss(), expected.loss(), 1e-5 * expected.loss());
  EXPECT_EQ(measured.top5(), expected.top5());
}

TEST(MeasureAccuracy, StopsWhenKeepGoingReturnsFalse) {
  Rng rng(0);
  const Model model = make_model("se_resnet8", {}, 10, rng);
  const Dataset data = noisy_images(20);
  EXPECT_EQ(measure_accuracy(Ensemble({{model, compute_normalization(data)}}), data, {8},
                             [](const Metrics& m) { return m.count() < 16; })
                .count(),
            16);
}

}  // namespace
}  // namespace excite
