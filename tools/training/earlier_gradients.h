// The gradients of the earlier batches of a step, while those of the next batch are computed. Sums
// of gradients may wait for those of other weights (core/shard_sums.h), unless they are to be added
// to a gradient that is there. So these are taken away meanwhile.
#pragma once
#include <utility>
#include <vector>

#include "autograd/optimizer.h"
#include "core/kernels/elementwise.h"

namespace excite {

class EarlierGradients {
 public:
  // Takes the gradients of these parameters, which have to exist longer than this.
  explicit EarlierGradients(const std::vector<Parameter>& parameters) : parameters_(parameters) {
    for (const Parameter& p : parameters)
      gradients_.push_back(std::exchange(p.var->grad, Tensor()));
  }
  // Adds the new ones to them, and gives them back.
  void add_new() {
    for (std::size_t i = 0; i < parameters_.size(); i++) {
      Tensor& gradient = parameters_[i].var->grad;
      if (gradients_[i].empty()) continue;
      if (!gradient.empty()) add_to(gradients_[i], gradient);
      gradient = std::move(gradients_[i]);
    }
  }

 private:
  const std::vector<Parameter>& parameters_;
  std::vector<Tensor> gradients_;
};

}  // namespace excite
