#include "tools/report/judgment.h"

#include <algorithm>
#include <cmath>

#include "core/kernels/softmax.h"

namespace excite {

Evaluation evaluate_images(const Ensemble& ensemble, const Dataset& dataset) {
  std::vector<Judgment> images;
  const auto judge = [&](const Samples& samples, const Tensor& logits) {
    const Tensor p = softmax(logits);
    const long classes = p.dim(1);
    for (std::size_t i = 0; i < samples.indices.size(); i++) {
      const real* row = p.data() + static_cast<long>(i) * classes;
      const long predicted = std::max_element(row, row + classes) - row;
      images.push_back({samples.indices[i], samples.labels[i], static_cast<int>(predicted),
                        static_cast<double>(row[predicted]),
                        static_cast<double>(row[samples.labels[i]])});
    }
  };
  Metrics metrics =
      measure_accuracy(ensemble, dataset, {.on_not_finite = OnNotFinite::fail, .on_batch = judge});
  return {std::move(metrics), std::move(images)};
}

namespace {

template <class Keep, class Before>
std::vector<Judgment> first_of(const std::vector<Judgment>& images, long count, const Keep& keep,
                               const Before& before) {
  std::vector<Judgment> all;
  std::copy_if(images.begin(), images.end(), std::back_inserter(all), keep);
  std::stable_sort(all.begin(), all.end(), before);
  if (std::ssize(all) > count) all.erase(all.begin() + count, all.end());
  return all;
}

double fraction(double part, double whole) { return whole > 0 ? part / whole : 0; }

}  // namespace

std::vector<Judgment> worst_mistakes(const std::vector<Judgment>& images, long count) {
  return first_of(
      images, count, [](const Judgment& j) { return !j.is_right(); },
      [](const Judgment& a, const Judgment& b) { return a.confidence > b.confidence; });
}

std::vector<Judgment> least_certain(const std::vector<Judgment>& images, long count) {
  return first_of(
      images, count, [](const Judgment& j) { return j.is_right(); },
      [](const Judgment& a, const Judgment& b) { return a.confidence < b.confidence; });
}

ClassScores scores_of(const Metrics& metrics, long label) {
  long predicted = 0;
  for (long other = 0; other < metrics.classes(); other++)
    predicted += metrics.confusion(other, label);
  const auto right = static_cast<double>(metrics.confusion(label, label));
  const double precision = fraction(right, static_cast<double>(predicted)),
               recall = fraction(right, static_cast<double>(metrics.count_of(label)));
  return {precision, recall, fraction(2 * precision * recall, precision + recall)};
}

std::vector<ReliabilityBin> reliability(const std::vector<Judgment>& images, long bins) {
  std::vector<ReliabilityBin> all(bins);
  for (const Judgment& j : images) {
    const long i =
        std::clamp(static_cast<long>(j.confidence * static_cast<double>(bins)), 0l, bins - 1);
    all[i].count++;
    all[i].confidence += j.confidence;
    all[i].accuracy += j.is_right() ? 1 : 0;
  }
  for (ReliabilityBin& bin : all) {
    bin.confidence = fraction(bin.confidence, static_cast<double>(bin.count));
    bin.accuracy = fraction(bin.accuracy, static_cast<double>(bin.count));
  }
  return all;
}

double calibration_error(const std::vector<ReliabilityBin>& bins) {
  double sum = 0, count = 0;
  for (const ReliabilityBin& bin : bins) {
    sum += static_cast<double>(bin.count) * std::abs(bin.accuracy - bin.confidence);
    count += static_cast<double>(bin.count);
  }
  return fraction(sum, count);
}

}  // namespace excite
