// How weights start. A signal should neither grow nor fade from layer to layer, so the variance of
// a weight is told from how many numbers meet in a sum: fan_in of them on the way forward, fan_out
// on the way back.
#pragma once
#include <cmath>

#include "core/random.h"
#include "core/tensor.h"

namespace excite {

inline real deviation(double variance) { return static_cast<real>(std::sqrt(variance)); }

// He et al., arXiv 1502.01852: normal of variance 2 / fan, where the 2 makes up for what ReLU cuts
// off. One function for both fans.
inline Tensor he_normal(const Shape& shape, long fan, Rng& rng) {
  return normal(shape, rng, 0, deviation(2.0 / static_cast<double>(fan)));
}

// Glorot, Bengio, AISTATS 2010: uniform of variance 2 / (fan_in + fan_out).
inline Tensor glorot_uniform(const Shape& shape, long fan_in, long fan_out, Rng& rng) {
  const real bound = deviation(6.0 / static_cast<double>(fan_in + fan_out));
  return uniform(shape, rng, -bound, bound);
}

// Uniform of variance 1 / (3 fan_in): what PyTorch's linear layers start from, weights and biases
// alike.
inline Tensor fan_in_uniform(const Shape& shape, long fan_in, Rng& rng) {
  const real bound = deviation(1.0 / static_cast<double>(fan_in));
  return uniform(shape, rng, -bound, bound);
}

}  // namespace excite
