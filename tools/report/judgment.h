// What a model says about each image of a set, and what follows from it.
#pragma once
#include <vector>

#include "tools/training/metrics.h"

namespace excite {

struct Judgment {
  long index;  // of the image in the data set
  int label, predicted;
  double confidence;   // the probability of the predicted class
  double probability;  // of the label
  bool is_right() const { return label == predicted; }
};

struct Evaluation {
  Metrics metrics;
  std::vector<Judgment> images;  // in the order of the data set
};

Evaluation evaluate_images(const Ensemble& ensemble, const Dataset& dataset);

// The wrong predictions with the largest confidence, and the right ones with the smallest: at most
// `count`, in this order.
std::vector<Judgment> worst_mistakes(const std::vector<Judgment>& images, long count);
std::vector<Judgment> least_certain(const std::vector<Judgment>& images, long count);

// Of one class: precision, the fraction of its predictions that are right; recall, the fraction of
// its images that are found; and their harmonic mean. 0 where there are none.
struct ClassScores {
  double precision, recall, f1;
};
ClassScores scores_of(const Metrics& metrics, long label);

// Images whose confidence is from i/n to before (i + 1)/n: their number, mean confidence and
// accuracy. A model is calibrated if the last two are equal.
struct ReliabilityBin {
  long count = 0;
  double confidence = 0, accuracy = 0;
};
std::vector<ReliabilityBin> reliability(const std::vector<Judgment>& images, long bins = 10);
// The mean of |accuracy - confidence| over all images (Guo et al., arXiv 1706.04599).
double calibration_error(const std::vector<ReliabilityBin>& bins);

}  // namespace excite
