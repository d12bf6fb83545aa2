// Mistakes in formulas, sums and means.
#ifdef EXCITE_DOUBLE
#include <cmath>

#include "autograd/ops.h"
#include "core/kernels/elementwise.h"
#include "tests/autograd/seeded_bugs.h"

namespace excite {

Tensor scaled(const Tensor& a, real factor) {
  return map([=](real v) { return factor * v; }, a);
}

Var elementwise(const Var& x, const std::function<real(real)>& f,
                const std::function<real(real dy, real v)>& df) {
  return result("elementwise", map(f, x->value), {x},
                [=](Node& y) { x.add_grad(map(df, y.grad, x->value)); });
}

namespace {

const auto times = [](real u, real v) { return u * v; };

// y[i] = x[i] + x[i + 1]: windows that overlap.
Var sum_of_neighbors(const Var& x, bool overwrite) {
  Tensor value({x.shape()[0] - 1});
  for (long i = 0; i < value.size(); i++) value[i] = x->value[i] + x->value[i + 1];
  return result("neighbors", std::move(value), {x}, [=](Node& y) {
    Tensor dx = zeros(x.shape());
    for (long i = 0; i < y.grad.size(); i++) {
      dx[i] = overwrite ? y.grad[i] : dx[i] + y.grad[i];
      dx[i + 1] += y.grad[i];
    }
    x.add_grad(std::move(dx));
  });
}

}  // namespace

std::vector<SeededBug> calculus_bugs() {
  const Shape v{5}, m{4, 3};
  return {
      // a formula of calculus
      {"wrong sign",
       {v, v},
       [](const Inputs& in, bool bug) {
         return result("sub", map([](real a, real b) { return a - b; }, in[0]->value, in[1]->value),
                       {in[0], in[1]}, [=](Node& y) {
                         in[0].add_grad(y.grad.clone());
                         in[1].add_grad(scaled(y.grad, bug ? 1 : -1));
                       });
       }},
      {"sigmoid without its factor 1 - s",
       {v},
       [](const Inputs& in, bool bug) {
         return result(
             "sigmoid", map([](real x) { return 1 / (1 + std::exp(-x)); }, in[0]->value), {in[0]},
             [=](Node& y) {
               in[0].add_grad(map([=](real dy, real s) { return bug ? dy * s : dy * s * (1 - s); },
                                  y.grad, y.value));
             });
       }},
      {"tanh with 1 + t^2",
       {v},
       [](const Inputs& in, bool bug) {
         return elementwise(
             in[0], [](real x) { return std::tanh(x); },
             [=](real dy, real x) {
               return dy * (1 + (bug ? 1 : -1) * std::tanh(x) * std::tanh(x));
             });
       }},
      {"square without its factor 2",
       {v},
       [](const Inputs& in, bool bug) {
         return elementwise(
             in[0], [](real x) { return x * x; },
             [=](real dy, real x) { return (bug ? 1 : 2) * x * dy; });
       }},
      {"relu that passes every gradient",
       {v},
       [](const Inputs& in, bool bug) {
         return elementwise(
             in[0], [](real x) { return std::max(x, real(0)); },
             [=](real dy, real x) { return bug || x > 0 ? dy : 0; });
       }},
      {"relu that also depends on the sign of the gradient",
       {m},
       [](const Inputs& in, bool bug) {
         return elementwise(
             in[0], [](real x) { return std::max(x, real(0)); },
             [=](real dy, real x) { return x > 0 && (!bug || dy > 0) ? dy : 0; });
       }},
      {"relu6 without its upper bound",
       {m},
       [](const Inputs& in, bool bug) {
         return elementwise(
             in[0], [](real x) { return std::clamp(6 * x, real(0), real(6)); },
             [=](real dy, real x) { return x > 0 && (bug || x < 1) ? 6 * dy : 0; });
       }},
      {"a factor of 1 + 1e-6",
       {v},
       [](const Inputs& in, bool bug) {
         return elementwise(
             in[0], [](real x) { return std::exp(x); },
             [=](real dy, real x) { return (bug ? 1 + 1e-6 : 1) * dy * std::exp(x); });
       }},
      {"a product with only one of its two terms",
       {v},
       [](const Inputs& in, bool bug) {
         return elementwise(
             in[0], [](real x) { return x * std::sin(x); },
             [=](real dy, real x) { return dy * (std::sin(x) + (bug ? 0 : x * std::cos(x))); });
       }},
      {"swapped gradients of two inputs",
       {v, v},
       [](const Inputs& in, bool bug) {
         return result("mul", map(times, in[0]->value, in[1]->value), {in[0], in[1]}, [=](Node& y) {
           in[bug ? 1 : 0].add_grad(map(times, y.grad, in[1]->value));
           in[bug ? 0 : 1].add_grad(map(times, y.grad, in[0]->value));
         });
       }},

      // sums and means
      {"mean without 1/N",
       {m},
       [](const Inputs& in, bool bug) {
         return result("mean", full({}, sum(in[0]->value) / 12), {in[0]}, [=](Node& y) {
           in[0].add_grad(full(in[0].shape(), y.grad.item() / (bug ? 1 : 12)));
         });
       }},
      {"bias gradient averaged over the rows",
       {m, {3}},
       [](const Inputs& in, bool bug) {
         return result("add_bias", add_rows(in[0]->value, in[1]->value), {in[0], in[1]},
                       [=](Node& y) {
                         in[0].add_grad(y.grad.clone());
                         in[1].add_grad(scaled(sum_rows(y.grad), bug ? 0.25 : 1));
                       });
       }},
      {"bias gradient of the first row only",
       {m, {3}},
       [](const Inputs& in, bool bug) {
         return result("add_bias", add_rows(in[0]->value, in[1]->value), {in[0], in[1]},
                       [=](Node& y) {
                         in[0].add_grad(y.grad.clone());
                         in[1].add_grad(bug ? Tensor({3}, {y.grad[0], y.grad[1], y.grad[2]})
                                            : sum_rows(y.grad));
                       });
       }},
      {"overlapping windows that overwrite each other",
       {v},
       [](const Inputs& in, bool bug) { return sum_of_neighbors(in[0], bug); }},
      {"the last element left out",
       {v},
       [](const Inputs& in, bool bug) {
         return result("exp", map([](real x) { return std::exp(x); }, in[0]->value), {in[0]},
                       [=](Node& y) {
                         Tensor dx = map(times, y.grad, y.value);
                         if (bug) dx[4] = 0;
                         in[0].add_grad(std::move(dx));
                       });
       }},
  };
}

}  // namespace excite
#endif
