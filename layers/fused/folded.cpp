#include "layers/fused/folded.h"

#include <cmath>

#include "core/kernels/elementwise.h"

namespace excite {

PrepackedConv2d fold(const ConvNormView& c) {
  const auto& [conv, bn] = c;
  const Tensor &gamma = bn.gamma->value, &beta = bn.beta->value, &mean = bn.running_mean->value;
  const auto eps = static_cast<real>(bn.eps);
  const Tensor a =
      map([=](real g, real var) { return g / std::sqrt(var + eps); }, gamma, bn.running_var->value);
  const Tensor shift =
      conv.b ? map([](real m, real b) { return m - b; }, mean, conv.b->value) : mean.clone();
  const Tensor bias =
      map([](real b, real factor, real s) { return b - factor * s; }, beta, a, shift);
  return PrepackedConv2d(conv.w->value, a, bias, conv.options);
}

const PrepackedConv2d& FoldedLayers::of(const ConvNormView& c) {
  const std::lock_guard lock(mutex_);
  const std::pair<const Node*, const Node*> pair{&*c.conv.w, &*c.bn.gamma};
  const auto found = folded_.find(pair);
  return found != folded_.end() ? found->second : folded_.emplace(pair, fold(c)).first->second;
}

}  // namespace excite
