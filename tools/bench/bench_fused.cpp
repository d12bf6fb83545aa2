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

// The inputs and layers at the end of a residual block. Each run makes a new one from the same
// seed, so that fused and composed operations get the same numbers.
struct BlockLayers {
  Var u, shortcut, w;  // w: the weight of a 3x3 convolution
  BatchNorm2d bn;
  SqueezeExcite se;
  BlockLayers(const Shape& shape, Rng rng)
      : u(parameter(normal(shape, rng))),
        shortcut(parameter(normal(shape, rng))),
        w(parameter(normal({3, 3, shape[3], shape[3]}, rng))),
        bn(shape[3]),
        se(shape[3], {}, rng) {}
};

using Computation = std::function<Var(const BlockLayers&)>;

struct FusedOp {
  const char* name;
  Computation composed, fused;
};

std::vector<FusedOp> fused_ops() {
  const auto block_end = [](const BlockLayers& b, const Gate& gate) {
    return bn_se_add_relu(b.u, b.bn.gamma, b.bn.beta, b.bn.running_mean, b.bn.running_var, gate,
                          b.shortcut);
  };
  const auto bn_relu = [](const BlockLayers& b, const ConvOutput& u) {
    return batch_norm_relu(u, b.bn.gamma, b.bn.beta, b.bn.running_mean, b.bn.running_var);
  };
  const auto bn_relu_conv = [](const BlockLayers& b) {
    return batch_norm_relu_conv2d(b.u, b.bn.gamma, b.bn.beta, b.bn.running_mean, b.bn.running_var,
                                  b.w, {.pad = 1})
        .u;
  };
  return {
      {"batch_norm_relu", [](const BlockLayers& b) { return relu(b.bn(b.u, Mode::train)); },
       [=](const BlockLayers& b) { return bn_relu(b, b.u); }},
      {"conv2d + bn + relu",
       [](const BlockLayers& b) { return relu(b.bn(conv2d(b.u, b.w, {.pad = 1}), Mode::train)); },
       [=](const BlockLayers& b) { return bn_relu(b, conv2d_with_moments(b.u, b.w, {.pad = 1})); }},
      {"batch_norm_relu_conv2d",
       [](const BlockLayers& b) { return conv2d(relu(b.bn(b.u, Mode::train)), b.w, {.pad = 1}); },
       bn_relu_conv},
      {"bn_se_add_relu",
       [](const BlockLayers& b) { return relu(add(b.se(b.bn(b.u, Mode::train)), b.shortcut)); },
       [=](const BlockLayers& b) {
         return block_end(b, [&](const Var& q) { return b.se.excite(q); });
       }},
      {"bn_se_add_relu, no gate",
       [](const BlockLayers& b) { return relu(add(b.bn(b.u, Mode::train), b.shortcut)); },
       [=](const BlockLayers& b) { return block_end(b, Gate()); }},
  };
}

struct RunResult {
  double forward = std::numeric_limits<double>::infinity(),
         backward = forward;  // in milliseconds, the best of 5 runs
  Tensor y;
  std::vector<Tensor> gradients;
};

// backward can run once per graph, so each run makes a new graph.
RunResult run(const Computation& compute, const Shape& shape) {
  using Clock = std::chrono::steady_clock;
  const auto milliseconds_since = [](Clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  };
  Rng rng(1);
  const Tensor dy = normal(shape, rng);
  RunResult best;
  for (int i = 0; i < 5; i++) {
    const BlockLayers block(shape, Rng(0));
    Tensor cotangent = dy.clone();
    auto begin = Clock::now();
    const Var y = compute(block);
    best.forward = std::min(best.forward, milliseconds_since(begin));
    begin = Clock::now();
    backward(y, std::move(cotangent));
    best.backward = std::min(best.backward, milliseconds_since(begin));
    best.y = y->value.clone();
    best.gradients.clear();
    std::vector<Var> leaves{block.u, block.shortcut, block.w, block.bn.gamma, block.bn.beta};
    for (const Var& p : block.se.parameters()) leaves.push_back(p);
    for (const Var& leaf : leaves) best.gradients.push_back(leaf->grad.clone());
  }
  return best;
}

// The largest relative error of a gradient; infinity if only one of the two has some gradient.
double gradient_error(const RunResult& fused, const RunResult& composed) {
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
      "Milliseconds forward and backward of fused operations, and composed of the plain operations "
      "that they replace; best of 5 runs, %d threads, %s.\n"
      "error: the largest difference / the largest number, of the value y and of the gradient for "
      "which it is largest.\n\n",
      threads(), sizeof(real) == 4 ? "float" : "double");
  std::printf("%-22s %-18s %9s %9s %9s %9s %9s %9s\n", "", "", "composed:", "", "fused:", "",
              "error:", "");
  std::printf("%-22s %-18s %9s %9s %9s %9s %9s %9s\n", "operation", "shape", "forward", "backward",
              "forward", "backward", "y", "gradients");
  for (const FusedOp& op : fused_ops())
    for (const Shape& shape :
         {Shape{batch, 32, 32, 16}, Shape{batch, 16, 16, 32}, Shape{batch, 8, 8, 64}}) {
      const RunResult composed = run(op.composed, shape), fused = run(op.fused, shape);
      std::printf("%-22s %-18s %9.3f %9.3f %9.3f %9.3f %9.1e %9.1e\n", op.name, text(shape).c_str(),
                  composed.forward, composed.backward, fused.forward, fused.backward,
                  max_relative_error(fused.y, composed.y), gradient_error(fused, composed));
      std::fflush(stdout);
    }
}

}  // namespace excite
