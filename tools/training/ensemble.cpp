#include "tools/training/ensemble.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "models/ensemble.h"

namespace excite {

namespace {

// [parts * N, K] -> parts times [N, K]
std::vector<Tensor> cut(const Tensor& x, long parts) {
  std::vector<Tensor> all;
  const long rows = x.dim(0) / parts, k = x.dim(1);
  for (long p = 0; p < parts; p++) {
    all.push_back(Tensor({rows, k}));
    std::copy_n(x.data() + p * rows * k, rows * k, all.back().data());
  }
  return all;
}

Tensor with_columns(const Tensor& x, const std::vector<long>& order) {
  Tensor y(x.shape());
  const long k = x.dim(1);
  for (long i = 0; i < x.size(); i++) y[i] = x[i / k * k + order[i % k]];
  return y;
}

}  // namespace

Ensemble::Ensemble(std::vector<EnsembleMember> members, Crops crops, std::vector<long> order)
    : members_(std::move(members)), crops_(crops), order_(std::move(order)) {
  require(!members_.empty(), "ensemble: no model, expected at least one");
  require(order_.empty() || static_cast<long>(order_.size()) == classes(), "ensemble: an order of ",
          order_.size(), " classes, expected ", classes());
  for (const EnsembleMember& m : members_) infer_.emplace_back(m.model);
}

Tensor Ensemble::operator()(const std::vector<Image>& images) const {
  std::vector<Tensor> logits;
  std::vector<double> shares;
  for (std::size_t m = 0; m < members_.size(); m++) {
    const EnsembleMember& member = members_[m];
    for (Tensor& t :
         cut(infer_[m](make_crops(images, member.resize_crop, member.normalization, crops_)),
             crops())) {
      logits.push_back(std::move(t));
      shares.push_back(member.share);
    }
  }
  Tensor fused = log_mean_probability(std::move(logits), shares);
  return order_.empty() ? std::move(fused) : with_columns(fused, order_);
}

}  // namespace excite
