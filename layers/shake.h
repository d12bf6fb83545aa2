// Shake-Shake (Gastaldi, arXiv 1705.07485). In training, two branches are mixed at random:
// alpha a + (1 - alpha) b, with one alpha per image. The backward pass uses beta in place of alpha.
// In evaluation both weights are 1/2. The numbers come from the layer's own random stream.
#pragma once
#include "autograd/ops.h"
#include "core/batch_random.h"
#include "core/random.h"
#include "layers/module.h"

namespace excite {

struct ShakeOptions {
  // alpha: drawn from [0, 1), or 1/2
  enum class Forward { shake, even } forward = Forward::shake;
  // beta: drawn from [0, 1), 1/2, or alpha
  enum class Backward { shake, even, keep } backward = Backward::shake;
};

struct Shake : Module {
  ShakeOptions options;
  std::shared_ptr<Rng> rng;
  explicit Shake(const ShakeOptions& o) : options(o), rng(random()) {}
  Var operator()(const Var& a, const Var& b, Mode mode) const {
    const Shape per_image{a.shape()[0]};
    const Var half = full(per_image, real(0.5));
    if (mode == Mode::eval) return shake(a, b, half, half);
    const bool even = options.forward == ShakeOptions::Forward::even;
    const Var alpha = even ? half : uniform_of_batch(per_image, *rng);
    switch (options.backward) {
      case ShakeOptions::Backward::even: return shake(a, b, alpha, half);
      case ShakeOptions::Backward::keep: return shake(a, b, alpha, alpha);
      case ShakeOptions::Backward::shake: break;
    }
    return shake(a, b, alpha, uniform_of_batch(per_image, *rng));
  }
};

}  // namespace excite
