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
  for (long i = 0; i < x.size(); i++) y[i] = x[i / k * k + order[static_cast<std::size_t>(i % k)]];
  return y;
}

}  // namespace

Jury::Jury(std::vector<Voter> voters, Views views, std::vector<long> order) : voters_(std::move(voters)), views_(views), order_(std::move(order)) {
  require(!voters_.empty(), "jury: no model, expected at least one");
  require(order_.empty() || static_cast<long>(order_.size()) == classes(), "jury: an order of ", order_.size(), " classes, expected ", classes());
  for (const Voter& v : voters_) infer_.emplace_back(v.model);
}

Tensor Jury::operator()(const std::vector<Image>& images) const {
  std::vector<Tensor> logits;
  std::vector<double> shares;
  for (std::size_t v = 0; v < voters_.size(); v++) {
    const Voter& voter = voters_[v];
    for (Tensor& t : cut(infer_[v](make_views(images, voter.frame, voter.normalisation, views_)), views())) {
      logits.push_back(std::move(t));
      shares.push_back(voter.share);
    }
  }
  Tensor fused = log_mean_probability(std::move(logits), shares);
  return order_.empty() ? std::move(fused) : with_columns(fused, order_);
}

}  // namespace excite
