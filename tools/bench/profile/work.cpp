#include "tools/bench/profile/work.h"

#include <algorithm>
#include <string_view>

#include "tools/bench/limits.h"
#include "models/cost.h"

namespace excite {

namespace {

// Additions, subtractions, multiplications and comparisons a number of the picture, by the formulas. batch_norm: the mean 1, the variance 3,
// a (x - mean) + b 3; back its two sums 1 + 3, and dx = a dy + slope (x - mean) + shift 5. relu, a sum, a scale: 1. block_tail is batch_norm, the
// mean that is squeezed, scale, sum and relu; back relu, the scale's two gradients 3, the mean's 1, and batch_norm. Its gate has C numbers a picture
// where it has H W C, and is free. batch_norm_relu_conv2d counts as its convolution and, for each number that it normalises, as batch_norm_relu.
struct FlopsANumber {
  std::string_view op;
  long forward, backward;
};
constexpr FlopsANumber of_several[] = {{"batch_norm", 7, 9}, {"batch_norm_relu", 8, 10}, {"batch_norm_relu_conv2d", 8, 10},
                                       {"block_tail", 11, 14}, {"scale_add_relu", 3, 0}};

const FlopsANumber* found(std::string_view op) {
  const auto* f = std::find_if(std::begin(of_several), std::end(of_several), [=](const FlopsANumber& g) { return g.op == op; });
  return f != std::end(of_several) ? f : nullptr;
}

// Gradients that are the same whatever the inputs are.
bool linear(std::string_view op) {
  constexpr std::string_view ops[] = {"add", "sub", "scale", "add_bias", "sum", "reshape", "avg_pool2d", "adaptive_avg_pool",
                                      "global_avg_pool", "concat_channels", "channel_shuffle", "shift", "shake"};
  return std::find(std::begin(ops), std::end(ops), op) != std::end(ops);
}

long bytes(const Node& x) { return x.value.size() * static_cast<long>(sizeof(real)); }

// Beside its products. Those above count the numbers of their first input; all others one for each number of the largest tensor, exp and log too,
// as what they do is move numbers; and products as products alone.
long other_flops(const Node& y, const std::vector<Var>& inputs, long FlopsANumber::*pass, long products) {
  if (const FlopsANumber* several = found(y.op)) return inputs.front()->value.size() * several->*pass;
  if (products > 0) return 0;
  long numbers = y.value.size();
  for (const Var& x : inputs) numbers = std::max(numbers, x->value.size());
  return numbers;
}

}  // namespace

Work forward_work(const Node& y, const std::vector<Var>& inputs) {
  const long products = macs(y, inputs);
  Work work{2 * products + other_flops(y, inputs, &FlopsANumber::forward, products), bytes(y)};
  for (const Var& x : inputs) work.bytes += bytes(*x);
  return work;
}

// A product's two factors are its first two inputs.
Work backward_work(const Node& y) {
  const long products = macs(y, y.inputs);
  Work work{other_flops(y, y.inputs, &FlopsANumber::backward, products), bytes(y)};
  for (std::size_t i = 0; i < y.inputs.size(); i++) {
    const Var& x = y.inputs[i];
    if (!linear(y.op)) work.bytes += bytes(*x);
    if (!x.needs_grad()) continue;
    work.bytes += bytes(*x);
    if (i < 2) work.flops += 2 * products;
  }
  return work;
}

Bound bound(const Work& work, double seconds, const Limits& limits) {
  const double computing = 1e-9 * static_cast<double>(work.flops) / limits.gflops, moving = 1e-9 * static_cast<double>(work.bytes) / limits.gbytes;
  return {computing > moving ? Bound::By::arithmetic : Bound::By::memory, std::max(computing, moving) / seconds};
}

}  // namespace excite
