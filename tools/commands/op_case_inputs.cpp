#include <utility>

#include "tools/commands/op_case_parts.h"

namespace excite {

Inputs each(std::vector<Shape> shapes, std::function<Tensor(const Shape&, Rng&)> draw) {
  return [=](Rng& rng) {
    Vars in;
    for (const Shape& shape : shapes) in.push_back(draw(shape, rng));
    return in;
  };
}

Inputs normals(const std::vector<Shape>& shapes, real mean, real deviation) {
  return each(shapes,
              [=](const Shape& shape, Rng& rng) { return normal(shape, rng, mean, deviation); });
}

Inputs between(real low, real high, const std::vector<Shape>& shapes) {
  return each(shapes, [=](const Shape& shape, Rng& rng) { return uniform(shape, rng, low, high); });
}

Tensor away_from_zero(const Shape& shape, Rng& rng) {
  Tensor x = normal(shape, rng);
  for (real& v : x) v += v < 0 ? real(-0.1) : real(0.1);
  return x;
}

Tensor distinct(const Shape& shape, Rng& rng) {
  Tensor x(shape);
  for (long i = 0; i < x.size(); i++) {
    x[i] = real(0.1) * static_cast<real>(i);
    std::swap(x[i], x[rng.below(i + 1)]);
  }
  return x;
}

Var new_batch_norm(const Var& x, const Var& gamma, const Var& beta, double eps) {
  return batch_norm(x, gamma, beta, zeros(gamma.shape()), full(gamma.shape(), 1), eps);
}

}  // namespace excite
