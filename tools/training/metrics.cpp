#include "tools/training/metrics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/check.h"

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

long most_at_once(const Dataset& dataset, long batch) { return dataset.in_files() ? std::min(batch, 32l) : batch; }

Metrics measure_accuracy(const Jury& jury, const Dataset& dataset, const Evaluation& how, const std::function<bool(const Metrics&)>& between) {
  const long at_once = most_at_once(dataset, std::max(1l, how.batch / jury.views()));
  const auto read_from = [&](long begin) {
    std::vector<long> pictures(static_cast<std::size_t>(std::clamp(dataset.count() - begin, 0l, at_once)));
    std::iota(pictures.begin(), pictures.end(), begin);
    return Reading(dataset, std::move(pictures), as_it_is);
  };
  Metrics metrics(jury.classes());
  Reading next = read_from(0);
  for (long begin = 0; begin < dataset.count(); begin += at_once) {
    const Pictures pictures = next.take();
    next = read_from(begin + at_once);  // while the models look at these
    if (pictures.images.empty()) continue;
    const Tensor logits = jury(pictures.images);
    metrics.add(logits, pictures.labels);
    if (how.seen) how.seen(pictures, logits);
    if (!between(metrics)) break;
  }
  require<FileError>(metrics.count() > 0 || dataset.count() == 0, dataset.source, ": of ", dataset.count(), " pictures none could be decoded");
  return metrics;
}

}  // namespace excite
