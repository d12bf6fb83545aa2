#include "tools/profile/work.h"

#include <algorithm>
#include <string_view>

#include "core/limits.h"
#include "models/cost.h"

namespace excite {

namespace {

// Additions, subtractions, multiplications and comparisons a number of the picture, by the formulas. batch_norm: the mean 1, the variance 3,
// a (x - mean) + b 3; back its two sums 1 + 3, and dx = a dy + slope (x - mean) + shift 5. relu, a sum, a scale: 1. block_tail is batch_norm, the
// mean that is squeezed, scale, sum and relu; back relu, the scale's two gradients 3, the mean's 1, and batch_norm. Its gate has C numbers a picture
// where it has H W C, and is free.
struct FlopsANumber {
  std::string_view op;
  long forward, backward;
};
constexpr FlopsANumber of_several[] = {{"batch_norm", 7, 9}, {"batch_norm_relu", 8, 10}, {"block_tail", 11, 14}, {"scale_add_relu", 3, 0}};

// All others count as one a number, exp and log too: what they do is move numbers.
FlopsANumber flops_a_number(std::string_view op) {
  const auto* found = std::find_if(std::begin(of_several), std::end(of_several), [=](const FlopsANumber& f) { return f.op == op; });
  return found != std::end(of_several) ? *found : FlopsANumber{op, 1, 1};
}

// Gradients that are the same whatever the inputs are.
bool linear(std::string_view op) {
  constexpr std::string_view ops[] = {"add", "sub", "scale", "add_bias", "sum", "mean", "reshape", "avg_pool2d", "global_avg_pool",
                                      "concat_channels", "channel_shuffle"};
  return std::find(std::begin(ops), std::end(ops), op) != std::end(ops);
}

long bytes(const Node& x) { return x.value.size() * static_cast<long>(sizeof(real)); }

long largest(const Node& y, const std::vector<Var>& inputs) {
  long numbers = y.value.size();
  for (const Var& x : inputs) numbers = std::max(numbers, x->value.size());
  return numbers;
}

}  // namespace

Work forward_work(const Node& y, const std::vector<Var>& inputs) {
  const long products = macs(y, inputs);
  Work work{products > 0 ? 2 * products : largest(y, inputs) * flops_a_number(y.op).forward, bytes(y)};
  for (const Var& x : inputs) work.bytes += bytes(*x);
  return work;
}

Work backward_work(const Node& y) {
  const long products = macs(y, y.inputs);
  Work work{products > 0 ? 0 : largest(y, y.inputs) * flops_a_number(y.op).backward, bytes(y)};
  for (const Var& x : y.inputs) {
    if (!linear(y.op)) work.bytes += bytes(*x);
    if (!x.needs_grad()) continue;
    work.bytes += bytes(*x);
    work.flops += 2 * products;
  }
  return work;
}

Bound bound(const Work& work, double seconds, const Limits& limits) {
  const double computing = 1e-9 * static_cast<double>(work.flops) / limits.gflops, moving = 1e-9 * static_cast<double>(work.bytes) / limits.gbytes;
  return {computing > moving ? Bound::By::arithmetic : Bound::By::memory, std::max(computing, moving) / seconds};
}

}  // namespace excite
