// Shake-Shake (Gastaldi, arXiv 1705.07485): training mixes two branches at random, alpha a + (1 -
// alpha) b with an alpha for each image, and goes back through another mixture, with beta in place
// of alpha. Evaluation takes half of each. The numbers come from a random stream of the layer's
// own, as dropout's masks do.
#pragma once
#include "autograd/ops.h"
#include "core/random.h"
#include "layers/module.h"

namespace excite {

struct ShakeOptions {
  enum class Forward { shake, even } forward = Forward::shake;  // alpha: drawn from [0, 1), or 1/2
  enum class Backward {
    shake,
    even,
    keep
  } backward = Backward::shake;  // beta: drawn, 1/2, or alpha
};

struct Shake : Module {
  ShakeOptions how;
  std::shared_ptr<Rng> rng;
  explicit Shake(const ShakeOptions& options) : how(options), rng(random()) {}
  Var operator()(const Var& a, const Var& b, Mode mode) const {
    const Shape images{a.shape()[0]};
    const Var half = full(images, real(0.5));
    if (!mode.training()) return shake(a, b, half, half);
    const Var alpha = how.forward == ShakeOptions::Forward::even ? half : uniform(images, *rng);
    switch (how.backward) {
      case ShakeOptions::Backward::even: return shake(a, b, alpha, half);
      case ShakeOptions::Backward::keep: return shake(a, b, alpha, alpha);
      case ShakeOptions::Backward::shake: break;
    }
    return shake(a, b, alpha, uniform(images, *rng));
  }
};

}  // namespace excite
