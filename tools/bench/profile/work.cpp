#include "tools/bench/profile/work.h"

#include <algorithm>

#include "autograd/var.h"
#include "tools/bench/limits.h"

namespace excite {

namespace {

long bytes(const Node& x) { return x.value.size() * static_cast<long>(sizeof(real)); }

// Flops beyond the multiply-adds of a product: those that the operation states. An operation that
// states nothing and is no product counts one flop per element of its largest tensor.
long elementwise_flops(const Node& y, const std::vector<Var>& inputs, long stated) {
  if (stated > 0 || y.arithmetic.macs > 0) return stated;
  long elements = y.value.size();
  for (const Var& x : inputs) elements = std::max(elements, x->value.size());
  return elements;
}

}  // namespace

Work forward_work(const Node& y, const std::vector<Var>& inputs) {
  Work work{2 * y.arithmetic.macs + elementwise_flops(y, inputs, y.arithmetic.flops), bytes(y)};
  for (const Var& x : inputs) work.bytes += bytes(*x);
  return work;
}

// The factors of a product are its first two inputs.
Work backward_work(const Node& y) {
  Work work{elementwise_flops(y, y.inputs, y.arithmetic.backward_flops), bytes(y)};
  for (std::size_t i = 0; i < y.inputs.size(); i++) {
    const Var& x = y.inputs[i];
    if (!y.arithmetic.is_linear) work.bytes += bytes(*x);
    if (!x.requires_grad()) continue;
    work.bytes += bytes(*x);
    if (i < 2) work.flops += 2 * y.arithmetic.macs;
  }
  return work;
}

Bound bound(const Work& work, double seconds, const Limits& limits) {
  const double computing = 1e-9 * static_cast<double>(work.flops) / limits.gflops,
               moving = 1e-9 * static_cast<double>(work.bytes) / limits.gbytes;
  return {computing > moving ? Bound::By::arithmetic : Bound::By::memory,
          std::max(computing, moving) / seconds};
}

}  // namespace excite
