// Random initial weights. A signal should neither grow nor fade from layer to layer, so the
// variance of a weight depends on the number of terms in a sum: fan_in terms in the forward pass,
// fan_out terms in the backward pass. README.md derives the formulas.
#pragma once
#include <cmath>

#include "core/random.h"
#include "core/tensor.h"

namespace excite {

// The standard deviation.
inline real stddev(double variance) { return static_cast<real>(std::sqrt(variance)); }

// Normal with variance 2 / fan (He et al., arXiv 1502.01852). The factor 2 makes up for what ReLU
// removes. `fan` is fan_in or fan_out.
inline Tensor he_normal(const Shape& shape, long fan, Rng& rng) {
  return normal(shape, rng, 0, stddev(2.0 / static_cast<double>(fan)));
}

// Uniform with variance 2 / (fan_in + fan_out) (Glorot, Bengio, AISTATS 2010).
inline Tensor glorot_uniform(const Shape& shape, long fan_in, long fan_out, Rng& rng) {
  const real bound = stddev(6.0 / static_cast<double>(fan_in + fan_out));
  return uniform(shape, rng, -bound, bound);
}

// Uniform with variance 1 / (3 fan_in): PyTorch's default for weights and biases of linear layers.
inline Tensor fan_in_uniform(const Shape& shape, long fan_in, Rng& rng) {
  const real bound = stddev(1.0 / static_cast<double>(fan_in));
  return uniform(shape, rng, -bound, bound);
}

}  // namespace excite
