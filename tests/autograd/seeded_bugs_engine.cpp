// Mistakes with the cotangent, and what no backward may do whatever its numbers are.
#ifdef EXCITE_DOUBLE
#include <cmath>

#include "autograd/ops.h"
#include "core/kernels/elementwise.h"
#include "core/random.h"
#include "tests/autograd/seeded_bugs.h"

namespace excite {

namespace {
const auto times = [](real u, real v) { return u * v; };
}  // namespace

std::vector<SeededBug> engine_bugs() {
  const Shape v{5}, m{4, 3};
  return {
      // the cotangent
      {"a gradient that ignores the cotangent",
       {v},
       [](const Inputs& in, bool bug) {
         return elementwise(
             in[0], [](real x) { return std::exp(x); },
             [=](real dy, real x) { return (bug ? 1 : dy) * std::exp(x); });
       }},
      {"a constant gradient",
       {v},
       [](const Inputs& in, bool bug) {
         return elementwise(
             in[0], [](real x) { return std::sin(x); },
             [=](real dy, real x) { return bug ? real(0.5) : dy * std::cos(x); });
       }},
      {"the first cotangent for all elements",
       {v},
       [](const Inputs& in, bool bug) {
         return result(
             "exp", map([](real x) { return std::exp(x); }, in[0]->value), {in[0]}, [=](Node& y) {
               in[0].add_grad(bug ? scaled(y.value, y.grad[0]) : map(times, y.value, y.grad));
             });
       }},

      // the engine
      {"no gradient at all",
       {v, v},
       [](const Inputs& in, bool bug) {
         return result("add", map([](real a, real b) { return a + b; }, in[0]->value, in[1]->value),
                       {in[0], in[1]}, [=](Node& y) {
                         in[0].add_grad(y.grad.clone());
                         if (!bug) in[1].add_grad(y.grad.clone());
                       });
       },
       "input 1 [5] got no gradient"},
      {"a gradient of zeros",
       {v},
       [](const Inputs& in, bool bug) {
         return elementwise(
             in[0], [](real x) { return std::sin(x); },
             [=](real dy, real x) { return bug ? 0 : dy * std::cos(x); });
       },
       "zero everywhere"},
      {"a gradient that is not finite",
       {v},
       [](const Inputs& in, bool bug) {
         return elementwise(
             in[0], [](real x) { return std::sin(x); },
             [=](real dy, real x) { return bug && x > 0 ? dy / (x - x) : dy * std::cos(x); });
       },
       "inf, numeric "},
      {"a gradient of another shape",
       {m},
       [](const Inputs& in, bool bug) {
         return result("rows", in[0]->value.clone(), {in[0]},
                       [=](Node& y) { in[0].add_grad(bug ? sum_rows(y.grad) : y.grad.clone()); });
       },
       "the backward of rows: a gradient of shape [3] flows into input 0 [4, 3], whose value has "
       "shape [4, 3]"},
      {"a second use that overwrites the first",
       {v},
       [](const Inputs& in, bool bug) {
         const Var doubled = map([](real x) { return 2 * x; }, in[0]->value);
         return result("3 x",
                       map([](real x, real y) { return x + y; }, in[0]->value, doubled->value),
                       {in[0]}, [=](Node& y) {
                         in[0].add_grad(y.grad.clone());
                         if (bug)
                           in[0]->grad = scaled(y.grad, 2);
                         else
                           in[0].add_grad(scaled(y.grad, 2));
                       });
       }},
      {"a backward that changes its input",
       {v},
       [](const Inputs& in, bool bug) {
         return result("exp", map([](real x) { return std::exp(x); }, in[0]->value), {in[0]},
                       [=](Node& y) {
                         in[0].add_grad(map(times, y.grad, y.value));
                         if (bug) in[0]->value[2] += real(0.1);
                       });
       },
       "the backward of exp changed the value of its input 0 [5]"},
      {"a backward that moves its input away",
       {v},
       [](const Inputs& in, bool bug) {
         return result("half square", map([](real x) { return x * x / 2; }, in[0]->value), {in[0]},
                       [=](Node& y) {
                         Tensor dx = bug ? std::move(in[0]->value) : in[0]->value.clone();
                         map_into(times, dx, y.grad);
                         in[0].add_grad(std::move(dx));
                       });
       },
       "the backward of half square: a gradient of shape [5] flows into input 0 [5], whose value "
       "has "
       "shape [0]"},
      {"a backward that changes another tensor",
       {v, v},
       [](const Inputs& in, bool bug) {
         return concat_channels(
             {exp(in[0]), result("copy", in[1]->value.clone(), {in[1]}, [=](Node& y) {
                in[1].add_grad(y.grad.clone());
                if (bug) in[0]->value[0] = 1;
              })});
       },
       "backward changed the value of input 0 [5]"},
      {"a backward that differs from run to run",
       {v},
       [](const Inputs& in, bool bug) {
         static int runs = 0;
         const real noise = bug ? 1 + 1e-15 * static_cast<real>(++runs) : 1;
         return result("copy", in[0]->value.clone(), {in[0]},
                       [=](Node& y) { in[0].add_grad(scaled(y.grad, noise)); });
       },
       "a second run gave input 0 [5] a gradient with different bits"},
      {"dropout with another mask in the gradient",
       {{40}},
       [](const Inputs& in, bool bug) {
         const auto mask = [](long seed) {
           Rng rng(seed);
           return map([](real u) { return u < 0.5 ? real(0) : 2; }, uniform({40}, rng));
         };
         return result("dropout", map(times, in[0]->value, mask(1)), {in[0]},
                       [=](Node& y) { in[0].add_grad(map(times, y.grad, mask(bug ? 2 : 1))); });
       }},
  };
}

}  // namespace excite
#endif
