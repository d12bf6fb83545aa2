// How good a model is on a set of images.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "tools/training/ensemble.h"

namespace excite {

class Metrics {
 public:
  explicit Metrics(long classes);
  void add(const Tensor& logits, const std::vector<int>& labels);  // [N, classes], N labels

  long count() const { return count_; }
  double loss() const {
    return loss_sum_ / static_cast<double>(count_);
  }  // mean of -log softmax(logits)[label]
  double top1() const {
    return share(top1_, count_);
  }  // the share of images whose label has the largest logit
  double top5() const { return share(top5_, count_); }  // ... one of the five largest
  long classes() const { return classes_; }
  long confusion(long label, long predicted) const {
    return confusion_[label * classes_ + predicted];
  }
  long count_of(long label) const;
  double accuracy_of(long label) const {
    return share(confusion(label, label), count_of(label));
  }  // 0 for a class without images

 private:
  static double share(long part, long whole) {
    return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
  }
  long classes_, count_ = 0, top1_ = 0, top5_ = 0;
  double loss_sum_ = 0;
  std::vector<long> confusion_;
};

// How many classes have a larger logit than the label (of equal ones, those before it count too): 0
// if it is the prediction. A logit that is not a number counts as larger than all.
long rank_of(const real* logits, long classes, long label);

// How many whole images of a set are in memory at once: of files at most 32, because decoded images
// may be large.
long max_at_once(const Dataset& dataset, long batch);

// How images are gone through.
struct Evaluation {
  long batch = 250;  // images at a time, the views of each counted, and at max_at_once
  std::function<void(const Samples&, const Tensor& logits)> seen{};
};

// What the jury says of every image that can be decoded, the last short batch included; FileError
// if none can. After each batch it calls between(metrics so far); if that returns false it stops
// there.
Metrics measure_accuracy(const Ensemble& ensemble, const Dataset& dataset, const Evaluation& how,
                         const std::function<bool(const Metrics&)>& between);

}  // namespace excite
