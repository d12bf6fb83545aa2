// Metrics of a model on a set of images: loss, top-1, top-5, confusion matrix.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "core/ranks.h"
#include "core/tensor.h"
#include "tools/training/ensemble.h"

namespace excite {

class Metrics {
 public:
  explicit Metrics(long classes);
  // [N, classes], and N labels from 0 to classes - 1.
  void add(const Tensor& logits, const std::vector<int>& labels);

  long count() const { return count_; }  // images
  long classes() const { return classes_; }
  // The mean of -log softmax(logits)[label]. Error if no image was added.
  double loss() const;
  // The fraction of images whose label has the largest logit, and one of the five largest.
  double top1() const { return fraction(top1_, count_); }
  double top5() const { return fraction(top5_, count_); }
  // The number of images with this label for which this class was predicted. If one of the logits
  // is NaN, no class was: the image counts as wrong.
  long confusion(long label, long predicted) const {
    return confusion_[label * (classes_ + 1) + predicted];
  }
  long count_of(long label) const;  // images with this label
  // Top-1 of the images with this label; 0 if there are none.
  double accuracy_of(long label) const {
    return fraction(confusion(label, label), count_of(label));
  }

 private:
  static double fraction(long part, long whole) {
    return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
  }
  long classes_, count_ = 0, top1_ = 0, top5_ = 0;
  double loss_sum_ = 0;
  std::vector<long> confusion_;  // [label, predicted]; the last column: no class was
};

// The number of classes ranked before the label: those with a larger logit, and those with an equal
// logit and a smaller index. 0 means that the label is the prediction. NaN ranks before every
// number.
long rank_of(const real* logits, long classes, long label);

// logits [N, classes], one label from 0 to classes - 1 per row. The number of rows whose label has
// the largest logit, and their fraction, from 0 to 1. Error if the numbers of rows and labels
// differ, or a label is out of range; for a fraction also if there are none.
long count_correct(const Tensor& logits, const std::vector<int>& labels);
double accuracy(const Tensor& logits, const std::vector<int>& labels);

// How many images of the set are decoded at a time: `batch`, but at most 32 if the set is in files,
// because decoded images may be large.
long evaluation_batch_size(const Dataset& dataset, long batch);

// What happens when a model's logits are not finite: they count as they are, or Diverged ends the
// evaluation.
enum class OnNotFinite { count, fail };

struct EvaluationOptions {
  long batch = 500;  // images per batch, where each crop counts as an image
  OnNotFinite on_not_finite = OnNotFinite::count;
  // Called after each batch, with the indices and labels of its images and their logits
  // [N, classes]. The images themselves are not kept.
  std::function<void(const Samples&, const Tensor& logits)> on_batch{};
  // Ranks that share each batch; null: this process alone. Then the call is collective, and its
  // result the same on all ranks. on_batch gets the samples of the whole batch, without images.
  Ranks* ranks = nullptr;
};

// Metrics over all images of the set that can be decoded, the last short batch included. After each
// batch `keep_going`, if given, gets the metrics so far; if it returns false, the evaluation ends
// there. FileError if no image can be decoded.
Metrics measure_accuracy(const Ensemble& ensemble, const Dataset& dataset,
                         const EvaluationOptions& options = {},
                         const std::function<bool(const Metrics&)>& keep_going = {});

}  // namespace excite
