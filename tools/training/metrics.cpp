#include "tools/training/metrics.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <utility>

#include "core/check.h"

namespace excite {

namespace {

// -log softmax(x)[label] = log(sum over j of exp(x_j - m)) + m - x_label, for any m. With m the
// largest x_j no exp overflows.
double cross_entropy_of(const real* x, long classes, long label) {
  const double m = static_cast<double>(*std::max_element(x, x + classes));
  double sum = 0;
  for (long j = 0; j < classes; j++) sum += std::exp(static_cast<double>(x[j]) - m);
  return std::log(sum) + m - static_cast<double>(x[label]);
}

void require_label(const char* what, const std::vector<int>& labels, long i, long classes) {
  require(labels[i] >= 0 && labels[i] < classes, what, ": label ", i, " is ", labels[i],
          ", expected 0 to ", classes - 1, ", one of the ", classes, " classes");
}

}  // namespace

long rank_of(const real* x, long classes, long label) {
  long before = 0;
  for (long j = 0; j < classes; j++)
    before += j < label ? !(x[j] < x[label]) : j > label && !(x[j] <= x[label]);
  return before;
}

long count_correct(const Tensor& logits, const std::vector<int>& labels) {
  const long n = static_cast<long>(labels.size());
  require(logits.shape().rank() == 2 && logits.dim(0) == n, "accuracy: ", n,
          " labels, but the logits are ", logits.shape(), ", expected [", n, ", classes]");
  const long classes = logits.dim(1);
  long count = 0;
  for (long i = 0; i < n; i++) {
    require_label("accuracy", labels, i, classes);
    count += rank_of(logits.data() + i * classes, classes, labels[i]) == 0;
  }
  return count;
}

double accuracy(const Tensor& logits, const std::vector<int>& labels) {
  require(!labels.empty(), "accuracy: no labels, expected at least one");
  return static_cast<double>(count_correct(logits, labels)) / static_cast<double>(labels.size());
}

Metrics::Metrics(long classes) : classes_(classes), confusion_(classes * (classes + 1)) {}

void Metrics::add(const Tensor& logits, const std::vector<int>& labels) {
  const long n = static_cast<long>(labels.size());
  require(logits.shape() == Shape{n, classes_}, "metrics: ", n, " labels, but the logits are ",
          logits.shape(), ", expected ", Shape{n, classes_});
  for (long i = 0; i < n; i++) {
    const real* x = logits.data() + i * classes_;
    require_label("metrics", labels, i, classes_);
    const bool no_class = std::any_of(x, x + classes_, [](real v) { return std::isnan(v); });
    const long label = labels[i],
               predicted = no_class ? classes_ : std::max_element(x, x + classes_) - x,
               rank = rank_of(x, classes_, label);
    loss_sum_ += cross_entropy_of(x, classes_, label);
    top1_ += rank < 1;
    top5_ += rank < 5;
    confusion_[label * (classes_ + 1) + predicted]++;
  }
  count_ += n;
}

double Metrics::loss() const {
  require(count_ > 0, "metrics: the loss of no images, expected at least one");
  return loss_sum_ / static_cast<double>(count_);
}

long Metrics::count_of(long label) const {
  const auto row = confusion_.begin() + label * (classes_ + 1);
  return std::accumulate(row, row + classes_ + 1, 0l);
}

long evaluation_batch_size(const Dataset& dataset, long batch) {
  return dataset.in_files() ? std::min(batch, 32l) : batch;
}

namespace {

// The part [first, last) of a batch that this rank evaluates.
std::pair<long, long> own_part(long images, const Ranks* ranks) {
  if (!ranks) return {0, images};
  return {images * ranks->rank() / ranks->count(), images * (ranks->rank() + 1) / ranks->count()};
}

// Samples and logits of the whole batch, from those of each rank.
void gather_results(Ranks& ranks, Samples& samples, Tensor& logits) {
  samples.indices = all_gather(ranks, samples.indices);
  samples.labels = all_gather(ranks, samples.labels);
  const std::vector<real> all = all_gather(ranks, std::vector<real>(logits.begin(), logits.end()));
  logits = Tensor({std::ssize(samples.labels), logits.dim(1)});
  std::copy(all.begin(), all.end(), logits.begin());
}

}  // namespace

Metrics measure_accuracy(const Ensemble& ensemble, const Dataset& dataset,
                         const EvaluationOptions& options,
                         const std::function<bool(const Metrics&)>& keep_going) {
  const long batch = evaluation_batch_size(dataset, std::max(1l, options.batch / ensemble.crops()));
  struct ResizedBatch {  // images are resized when they are decoded; they are large before
    std::unique_ptr<std::vector<Ensemble::Resized>> images;
    Prefetch prefetch;
  };
  const auto prefetch_from = [&](long begin) -> ResizedBatch {
    const long count = std::clamp(dataset.count() - begin, 0l, batch);
    const auto [first, last] = own_part(count, options.ranks);
    std::vector<long> indices(last - first);
    std::iota(indices.begin(), indices.end(), begin + first);
    auto images = std::make_unique<std::vector<Ensemble::Resized>>(indices.size());
    const auto resize = [&ensemble, from = begin + first, to = images.get()](
                            const ImageSource& image, long i) {
      (*to)[static_cast<std::size_t>(i - from)] = ensemble.resize(image);
      return Image{};
    };
    return {std::move(images), Prefetch(dataset, std::move(indices), resize)};
  };
  Metrics metrics(ensemble.classes());
  ResizedBatch next = prefetch_from(0);
  for (long begin = 0; begin < dataset.count(); begin += batch) {
    Samples samples = next.prefetch.take();
    std::vector<Ensemble::Resized> images = std::move(*next.images);
    next = prefetch_from(begin + batch);  // decodes while the models compute
    std::erase_if(images, [](const Ensemble::Resized& image) { return image.empty(); });
    Tensor logits = images.empty() ? Tensor({0, ensemble.classes()}) : ensemble(images);
    if (options.on_not_finite == OnNotFinite::fail) ensemble.require_finite(logits, images);
    if (options.ranks) gather_results(*options.ranks, samples, logits);
    if (samples.labels.empty()) continue;
    metrics.add(logits, samples.labels);
    if (options.on_batch) options.on_batch(samples, logits);
    if (keep_going && !keep_going(metrics)) break;
  }
  require<FileError>(metrics.count() > 0 || dataset.count() == 0, dataset.source, ": of ",
                     dataset.count(), " images none could be decoded");
  return metrics;
}

}  // namespace excite
