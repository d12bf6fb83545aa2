#include "layers/fused/folded.h"

#include <algorithm>
#include <cmath>

#include "core/kernels/checksum.h"
#include "core/kernels/elementwise.h"

namespace excite {

PrepackedConv2d fold(const ConvNormView& c, Precision precision) {
  const auto& [conv, bn] = c;
  const Tensor &gamma = bn.gamma->value, &beta = bn.beta->value, &mean = bn.running_mean->value;
  const auto eps = static_cast<real>(bn.eps);
  const Tensor a =
      map([=](real g, real var) { return g / std::sqrt(var + eps); }, gamma, bn.running_var->value);
  const Tensor shift =
      conv.b ? map([](real m, real b) { return m - b; }, mean, conv.b->value) : mean.clone();
  const Tensor bias =
      map([](real b, real factor, real s) { return b - factor * s; }, beta, a, shift);
  return PrepackedConv2d(conv.w->value, a, bias, conv.options, precision);
}

namespace {

std::vector<Var> folded_numbers(const ConvNormView& c) {
  std::vector<Var> all{c.conv.w, c.bn.gamma, c.bn.beta, c.bn.running_mean, c.bn.running_var};
  if (c.conv.b) all.push_back(c.conv.b);
  return all;
}

std::uint64_t checksum_of(const std::vector<Var>& vars) {
  std::uint64_t sum = 0;
  for (const Var& x : vars) sum = 3 * sum + checksum(x->value);
  return sum;
}

}  // namespace

const PrepackedConv2d& FoldedLayers::of(const ConvNormView& c) {
  const std::lock_guard lock(mutex_);
  const std::pair<const Node*, const Node*> pair{&*c.conv.w, &*c.bn.gamma};
  const auto found = layers_.find(pair);
  if (found != layers_.end()) return found->second.conv;
  const std::vector<Var> folded = folded_numbers(c);
  return layers_.emplace(pair, Layer{folded, checksum_of(folded), fold(c, precision_)})
      .first->second.conv;
}

bool FoldedLayers::are_current() const {
  const std::lock_guard lock(mutex_);
  return std::all_of(layers_.begin(), layers_.end(), [](const auto& entry) {
    return checksum_of(entry.second.folded) == entry.second.checksum;
  });
}

}  // namespace excite
