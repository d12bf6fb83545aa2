#include "tools/training/metrics.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>

#include "core/check.h"
#include "models/fusion.h"
#include "models/infer.h"

namespace excite {

namespace {

// -log softmax(x)[label] = log(sum over j of exp(x_j - m)) + m - x_label, for any m; the largest x_j lets no exp overflow.
double cross_entropy_of(const real* x, long classes, long label) {
  const double m = static_cast<double>(*std::max_element(x, x + classes));
  double sum = 0;
  for (long j = 0; j < classes; j++) sum += std::exp(static_cast<double>(x[j]) - m);
  return std::log(sum) + m - static_cast<double>(x[label]);
}

}  // namespace

long rank_of(const real* x, long classes, long label) {
  long before = 0;
  for (long j = 0; j < classes; j++) before += j < label ? !(x[j] < x[label]) : j > label && !(x[j] <= x[label]);
  return before;
}

Metrics::Metrics(long classes) : classes_(classes), confusion_(static_cast<std::size_t>(classes * classes)) {}

void Metrics::add(const Tensor& logits, const std::vector<int>& labels) {
  const long n = static_cast<long>(labels.size());
  require(logits.shape() == Shape{n, classes_}, "metrics: logits ", logits.shape(), " of ", n, " pictures, expected ", Shape{n, classes_});
  for (long i = 0; i < n; i++) {
    const real* x = logits.data() + i * classes_;
    const long label = labels[static_cast<std::size_t>(i)], predicted = std::max_element(x, x + classes_) - x, rank = rank_of(x, classes_, label);
    loss_sum_ += cross_entropy_of(x, classes_, label);
    top1_ += rank < 1;
    top5_ += rank < 5;
    confusion_[static_cast<std::size_t>(label * classes_ + predicted)]++;
  }
  count_ += n;
}

long Metrics::count_of(long label) const {
  const auto row = confusion_.begin() + label * classes_;
  return std::accumulate(row, row + classes_, 0l);
}

Metrics measure_accuracy(const std::vector<Voter>& voters, const Dataset& dataset, long batch, const std::function<bool(const Metrics&)>& between) {
  require(!voters.empty(), "measure_accuracy: no model, expected at least one");
  std::deque<Inference> infer;
  std::vector<double> shares;
  for (const Voter& v : voters) infer.emplace_back(v.model), shares.push_back(v.share);
  Metrics metrics(voters.front().model.classes);
  for (long begin = 0; begin < dataset.count(); begin += batch) {
    std::vector<long> pictures(static_cast<std::size_t>(std::min(batch, dataset.count() - begin)));
    std::iota(pictures.begin(), pictures.end(), begin);
    std::vector<Tensor> logits;
    std::vector<int> labels;
    for (std::size_t v = 0; v < voters.size(); v++) {
      Batch b = make_batch(dataset, pictures, voters[v].normalisation, Augmentation{}, 0, 0);
      logits.push_back(infer[v](b.x));
      labels = std::move(b.labels);
    }
    metrics.add(log_mean_probability(std::move(logits), shares), labels);
    if (!between(metrics)) break;
  }
  return metrics;
}

}  // namespace excite
