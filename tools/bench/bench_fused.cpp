#include "tools/bench/bench_fused.h"

#include <chrono>
#include <cstdio>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "autograd/fused/fused_ops.h"
#include "core/check.h"
#include "core/parallel.h"
#include "core/random.h"
#include "layers/batch_norm.h"
#include "layers/squeeze_excite.h"
#include "tools/bench/max_relative_error.h"

namespace excite {

namespace {

// What the end of a block is computed from, and layers that are drawn anew for each way, so that
// both find the same.
struct Block {
  Var u, shortcut, w;  // w: of a 3x3 convolution
  BatchNorm2d bn;
  SqueezeExcite se;
  Block(const Shape& shape, Rng rng)
      : u(parameter(normal(shape, rng))),
        shortcut(parameter(normal(shape, rng))),
        w(parameter(normal({3, 3, shape[3], shape[3]}, rng))),
        bn(shape[3]),
        se(shape[3], {}, rng) {}
};

using Way = std::function<Var(const Block&)>;

struct Fused {
  const char* name;
  Way composed, fused;
};

std::vector<Fused> all_fused() {
  const auto tail = [](const Block& b, const Gate& gate) {
    return bn_se_add_relu(b.u, b.bn.gamma, b.bn.beta, b.bn.running_mean, b.bn.running_var, gate,
                          b.shortcut);
  };
  const auto norm_relu = [](const Block& b, const ConvOutput& u) {
    return batch_norm_relu(u, b.bn.gamma, b.bn.beta, b.bn.running_mean, b.bn.running_var);
  };
  const auto norm_relu_conv = [](const Block& b) {
    return batch_norm_relu_conv2d(b.u, b.bn.gamma, b.bn.beta, b.bn.running_mean, b.bn.running_var,
                                  b.w, {.pad = 1})
        .u;
  };
  return {
      {"batch_norm_relu", [](const Block& b) { return relu(b.bn(b.u, Mode::train_plain)); },
       [=](const Block& b) { return norm_relu(b, b.u); }},
      {"conv2d_with_moments, b_n_r",
       [](const Block& b) { return relu(b.bn(conv2d(b.u, b.w, {.pad = 1}), Mode::train_plain)); },
       [=](const Block& b) { return norm_relu(b, conv2d_with_moments(b.u, b.w, {.pad = 1})); }},
      {"batch_norm_relu_conv2d",
       [](const Block& b) { return conv2d(relu(b.bn(b.u, Mode::train_plain)), b.w, {.pad = 1}); },
       norm_relu_conv},
      {"bn_se_add_relu",
       [](const Block& b) { return relu(add(b.se(b.bn(b.u, Mode::train_plain)), b.shortcut)); },
       [=](const Block& b) { return tail(b, [&](const Var& q) { return b.se.gate(q); }); }},
      {"bn_se_add_relu, no gate",
       [](const Block& b) { return relu(add(b.bn(b.u, Mode::train_plain), b.shortcut)); },
       [=](const Block& b) { return tail(b, Gate()); }},
  };
}

struct Outcome {
  double forward = std::numeric_limits<double>::infinity(),
         backward = forward;  // the best of the runs, in milliseconds
  Tensor y;
  std::vector<Tensor> gradients;
};

// A graph can be walked once, so each run makes it anew.
Outcome run(const Way& way, const Shape& shape) {
  using Clock = std::chrono::steady_clock;
  const auto passed = [](Clock::time_point then) {
    return std::chrono::duration<double, std::milli>(Clock::now() - then).count();
  };
  Rng rng(1);
  const Tensor dy = normal(shape, rng);
  Outcome best;
  for (int i = 0; i < 5; i++) {
    const Block block(shape, Rng(0));
    Tensor cotangent = dy.clone();
    auto then = Clock::now();
    const Var y = way(block);
    best.forward = std::min(best.forward, passed(then));
    then = Clock::now();
    backward(y, std::move(cotangent));
    best.backward = std::min(best.backward, passed(then));
    best.y = y->value.clone();
    best.gradients.clear();
    std::vector<Var> leaves{block.u, block.shortcut, block.w, block.bn.gamma, block.bn.beta};
    for (const Var& p : block.se.parameters()) leaves.push_back(p);
    for (const Var& leaf : leaves) best.gradients.push_back(leaf->grad.clone());
  }
  return best;
}

// Where a gradient is absent from one it has to be absent from the other: apart by infinity else.
double gradients_apart(const Outcome& fused, const Outcome& composed) {
  double worst = 0;
  for (std::size_t i = 0; i < composed.gradients.size(); i++) {
    const Tensor &actual = fused.gradients[i], &expected = composed.gradients[i];
    if (actual.shape() != expected.shape()) return std::numeric_limits<double>::infinity();
    if (!expected.empty()) worst = std::max(worst, max_relative_error(actual, expected));
  }
  return worst;
}

}  // namespace

void bench_fused(long batch) {
  std::printf(
      "Milliseconds forward and backward of operations that do the work of several, and of the "
      "several; the best of 5 runs, %d threads, %s.\n"
      "Apart: the largest difference over the largest number, of the value and of the gradient for "
      "which that is worst.\n\n",
      threads(), sizeof(real) == 4 ? "float" : "double");
  std::printf("%-22s %-18s %9s %9s %9s %9s %9s %9s\n", "", "", "composed:", "", "fused:", "",
              "apart:", "");
  std::printf("%-22s %-18s %9s %9s %9s %9s %9s %9s\n", "operation", "of", "forward", "backward",
              "forward", "backward", "y", "gradients");
  for (const Fused& op : all_fused())
    for (const Shape& shape :
         {Shape{batch, 32, 32, 16}, Shape{batch, 16, 16, 32}, Shape{batch, 8, 8, 64}}) {
      const Outcome composed = run(op.composed, shape), fused = run(op.fused, shape);
      std::printf("%-22s %-18s %9.3f %9.3f %9.3f %9.3f %9.1e %9.1e\n", op.name, text(shape).c_str(),
                  composed.forward, composed.backward, fused.forward, fused.backward,
                  max_relative_error(fused.y, composed.y), gradients_apart(fused, composed));
      std::fflush(stdout);
    }
}

}  // namespace excite
