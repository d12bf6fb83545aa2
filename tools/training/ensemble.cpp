#include "tools/training/ensemble.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/check.h"
#include "core/kernels/elementwise.h"
#include "core/memory_budget.h"
#include "core/text.h"
#include "models/cost.h"
#include "models/ensemble.h"
#include "tools/training/diagnosis.h"

namespace excite {

namespace {

// [parts * N, K] -> `parts` tensors [N, K]
std::vector<Tensor> split_rows(const Tensor& x, long parts) {
  std::vector<Tensor> all;
  const long rows = x.dim(0) / parts, k = x.dim(1);
  for (long p = 0; p < parts; p++) {
    all.push_back(Tensor({rows, k}));
    std::copy_n(x.data() + p * rows * k, rows * k, all.back().data());
  }
  return all;
}

// Column j of the result is column order[j] of x [N, K].
Tensor reorder_columns(const Tensor& x, const std::vector<long>& order) {
  Tensor y(x.shape());
  const long k = x.dim(1);
  for (long i = 0; i < x.size(); i++) y[i] = x[i / k * k + order[i % k]];
  return y;
}

// A file of weights may declare any size of images. What a large image costs follows from a small
// one: the two largest results, which grow with the number of pixels. MemoryError if that exceeds
// the budget. Usual sizes are far below it, and need no such run.
void require_network_memory(const Model& model, long side, long crops) {
  constexpr long usual_ratio = 64;  // of the results to the input
  const long image_bytes = 3 * side * side * static_cast<long>(sizeof(real));
  if (usual_ratio * crops * image_bytes <= max_memory()) return;
  const long small = std::max(32l, model.min_image_size);
  const Cost cost = cost_of(model(zeros({1, small, small, 3}), Mode::eval));
  long largest = 0;
  for (const OpCost& op : cost.ops) largest = std::max(largest, op.bytes);
  const double growth = static_cast<double>(side * side) / static_cast<double>(small * small);
  require_memory(
      crops * image_bytes + std::lround(2 * static_cast<double>(largest) * growth),
      text(model.name, " on ", counted(crops, "image"), " of ", side, " x ", side, " pixels"));
}

}  // namespace

Ensemble::Ensemble(std::vector<EnsembleMember> members, Crops crops, std::vector<long> class_order,
                   Weights weights, Precision precision)
    : members_(std::move(members)), crops_(crops), class_order_(std::move(class_order)) {
  require(!members_.empty(), "ensemble: there is no model, expected at least one");
  require(class_order_.empty() || static_cast<long>(class_order_.size()) == classes(),
          "ensemble: the class order has ", class_order_.size(), " classes, the models have ",
          classes());
  for (const EnsembleMember& m : members_) {
    require_network_memory(m.model, m.resize_crop.side, this->crops());
    inference_.emplace_back(m.model, weights, precision);
  }
}

Ensemble::CropsFor Ensemble::crops_of(const std::vector<Image>& images) const {
  return [&](std::size_t m) {
    return make_crops(images, members_[m].resize_crop, members_[m].normalization, crops_);
  };
}
Ensemble::CropsFor Ensemble::crops_of(const std::vector<Resized>& resized) const {
  return [&](std::size_t m) {
    std::vector<const Image*> images;
    for (const Resized& image : resized) images.push_back(image[m].get());
    return make_crops(images, members_[m].resize_crop, members_[m].normalization, crops_);
  };
}

Tensor Ensemble::operator()(const std::vector<Image>& images) const {
  return logits_of(crops_of(images));
}
Tensor Ensemble::operator()(const std::vector<Resized>& resized) const {
  return logits_of(crops_of(resized));
}
void Ensemble::require_finite(const Tensor& logits, const std::vector<Image>& images) const {
  require_finite(logits, crops_of(images));
}
void Ensemble::require_finite(const Tensor& logits, const std::vector<Resized>& resized) const {
  require_finite(logits, crops_of(resized));
}

// Members that need the same size share it.
Ensemble::Resized Ensemble::resize(const ImageSource& image) const {
  Resized resized;
  for (const EnsembleMember& m : members_) {
    const auto same = std::ranges::find(members_, m.resize_crop, &EnsembleMember::resize_crop);
    const std::size_t first = same - members_.begin();
    resized.push_back(first < resized.size()
                          ? resized[first]
                          : std::make_shared<Image>(resize_for_crop(image, m.resize_crop)));
  }
  return resized;
}

Tensor Ensemble::logits_of(const CropsFor& crops_for) const {
  std::vector<Tensor> logits;
  std::vector<double> weights;
  for (std::size_t m = 0; m < members_.size(); m++) {
    const EnsembleMember& member = members_[m];
    const Tensor x = crops_for(m);
    for (Tensor& crop_logits : split_rows(inference_[m](x), crops())) {
      logits.push_back(std::move(crop_logits));
      weights.push_back(member.weight);
    }
  }
  Tensor mean = log_mean_probability(std::move(logits), weights);
  return class_order_.empty() ? std::move(mean) : reorder_columns(mean, class_order_);
}

// Repeats the computation, now recording the graph.
void Ensemble::require_finite(const Tensor& logits, const CropsFor& crops_for) const {
  if (all_finite(logits)) return;
  std::string found;
  for (std::size_t m = 0; m < members_.size(); m++)
    if (found.empty()) found = find_non_finite_value(members_[m].model(crops_for(m), Mode::eval));
  throw Diverged(text("the weights give logits that are not finite; first non-finite result: ",
                      found.empty() ? "the logits" : found,
                      "; the training diverged or the file is damaged"));
}

Preprocessing preprocessing_of(const Dataset& dataset, const Normalization& normalization,
                               const ResizeCrop& evaluation) {
  const bool whole = evaluation.side == 0;
  return {dataset.classes, normalization.mean, normalization.deviation,
          whole ? dataset.height : evaluation.side, whole ? dataset.height : evaluation.short_side};
}

ResizeCrop resize_crop_of(const TrainedModel& t, ResizeFunction resize) {
  const long side =
      t.preprocessing.image_size > 0 ? t.preprocessing.image_size : t.model.image_size;
  const bool whole_image = t.model.image_size <= 32;  // as usual for CIFAR
  const long usual = whole_image ? side : default_short_side(side);
  return {side, t.preprocessing.short_side > 0 ? t.preprocessing.short_side : usual, resize};
}

Ensemble LoadedEnsemble::ensemble(Weights model_weights) const {
  std::vector<EnsembleMember> members;
  for (std::size_t m = 0; m < trained.size(); m++) {
    const TrainedModel& t = trained[m];
    members.push_back({t.model,
                       {t.preprocessing.mean, t.preprocessing.deviation},
                       weights[m],
                       resize_crop_of(t, resize)});
  }
  return Ensemble(std::move(members), crops, order, model_weights, precision);
}

}  // namespace excite
