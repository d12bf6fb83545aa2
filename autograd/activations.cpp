// More activations: the value, and right below it the gradient. relu, sigmoid and tanh are in
// ops.cpp.
#include <cmath>
#include <numbers>
#include <utility>

#include "autograd/ops.h"
#include "core/kernels/elementwise.h"

namespace excite {

namespace {
real sigmoid(real v) { return 1 / (1 + std::exp(-v)); }

// The standard normal distribution. erfc keeps the digits that 1 + erf would lose far below 0.
real normal_cdf(real v) { return std::erfc(-v / std::numbers::sqrt2_v<real>) / 2; }
real normal_density(real v) {
  return std::exp(-v * v / 2) * std::numbers::inv_sqrtpi_v<real> / std::numbers::sqrt2_v<real>;
}
}  // namespace

// Piecewise linear: the slope is 1/6 between -3 and 3, and 0 outside.
Var hard_sigmoid(const Var& x) {
  Tensor value = map(
      [](real v) { return v <= -3  ? real(0)
                          : v >= 3 ? real(1)
                                   : v / 6 + real(0.5); }, x->value);
  return result("hard_sigmoid", std::move(value), {x}, [=](Node& y) {
    x.add_grad(
        map([](real dy, real v) { return v > -3 && v < 3 ? dy / 6 : real(0); }, y.grad, x->value));
  });
}

Var leaky_relu(const Var& x, real slope) {
  Tensor value = map([=](real v) { return v < 0 ? slope * v : v; }, x->value);
  const Var out = result("leaky_relu", std::move(value), {x}, [=](Node& y) {
    x.add_grad(map([=](real dy, real v) { return v <= 0 ? slope * dy : dy; }, y.grad, x->value));
  });
  return with_options(out, {{"slope", {static_cast<double>(slope)}}});
}

// y = x s with s = sigmoid(x), so y' = s + x s (1 - s)
Var silu(const Var& x) {
  Tensor value = map([](real v) { return v * sigmoid(v); }, x->value);
  return result("silu", std::move(value), {x}, [=](Node& y) {
    const auto slope = [](real v) {
      const real s = sigmoid(v);
      return s + v * s * (1 - s);
    };
    x.add_grad(map([=](real dy, real v) { return dy * slope(v); }, y.grad, x->value));
  });
}

// y = x P(x) with P' = p, the density, so y' = P(x) + x p(x)
Var gelu(const Var& x) {
  Tensor value = map([](real v) { return v * normal_cdf(v); }, x->value);
  return result("gelu", std::move(value), {x}, [=](Node& y) {
    const auto slope = [](real v) { return normal_cdf(v) + v * normal_density(v); };
    x.add_grad(map([=](real dy, real v) { return dy * slope(v); }, y.grad, x->value));
  });
}

}  // namespace excite
