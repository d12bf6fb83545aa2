// An operation of one's own, its gradient, and the check of the gradient. The check compares with
// finite differences, which need the digits of double: build with excite-double.
#include <excite/autograd/gradcheck.h>
#include <excite/autograd/ops.h>
#include <excite/core/check.h>
#include <excite/core/kernels/elementwise.h>
#include <excite/core/random.h>
#include <iostream>

using namespace excite;

// The squared distance of each row of a to the same row of b: [N, C], [N, C] -> [N].
//
//   y[n] = sum over c of (a[n, c] - b[n, c])^2
//
// With dy for dloss/dy, the chain rule gives
//
//   da[n, c] = 2 (a[n, c] - b[n, c]) dy[n],   db[n, c] = -da[n, c]
Var squared_distance(const Var& a, const Var& b) {
  require(a.shape().rank() == 2 && a.shape() == b.shape(), "squared_distance: shapes ", a.shape(),
          " and ", b.shape(), ", expected [N, C] for both");
  const long rows = a.shape()[0], columns = a.shape()[1];
  Tensor value = zeros({rows});
  for (long i = 0; i < rows * columns; i++) {
    const real difference = a->value[i] - b->value[i];
    value[i / columns] += difference * difference;
  }
  return result("squared_distance", std::move(value), {a, b}, [=](Node& y) {
    Tensor da(a.shape()), db(b.shape());
    for (long i = 0; i < rows * columns; i++) {
      da[i] = 2 * (a->value[i] - b->value[i]) * y.grad[i / columns];
      db[i] = -da[i];
    }
    a.add_grad(std::move(da));
    b.add_grad(std::move(db));
  });
}

// y = x^2, with a mistake: the gradient is 2 x dy. `map` calls a function for each element.
Var mistaken_square(const Var& x) {
  Tensor value = map([](real v) { return v * v; }, x->value);
  return result("mistaken_square", std::move(value), {x}, [=](Node& y) {
    x.add_grad(map([](real dy, real v) { return v * dy; }, y.grad, x->value));
  });
}

int main() {
  Rng rng(0);
  const auto distance = [](const std::vector<Var>& in) { return squared_distance(in[0], in[1]); };
  const auto square = [](const std::vector<Var>& in) { return mistaken_square(in[0]); };

  const GradcheckReport right =
      check_gradient(distance, {normal({3, 4}, rng), normal({3, 4}, rng)});
  std::cout << "squared_distance: " << right << "\n";
  const GradcheckReport wrong = check_gradient(square, {normal({3, 4}, rng)});
  std::cout << "mistaken_square: " << wrong << "\n";
  return right.ok && !wrong.ok ? 0 : 1;
}
