// A neuron by hand: two inputs, two weights and a bias, without layers and without an optimizer.
//
//   z = w1 x1 + w2 x2 + b,   y = sigmoid(z) = 1 / (1 + e^-z),   loss = (y - t)^2
//
// With x1 = -1, x2 = -2, w1 = 2, w2 = -3, b = -3 and the target t = 0:
//
//   z = 2 (-1) + (-3) (-2) - 3 = 1,   y = 1 / (1 + e^-1) = 0.7311,   loss = 0.7311^2 = 0.5344
//
// The chain rule goes from the loss back to the parameters. The derivative of sigmoid is y (1 - y).
//
//   dloss/dy  = 2 (y - t)             = 1.4621
//   dloss/dz  = dloss/dy * y (1 - y)  = 1.4621 * 0.1966 = 0.2875
//   dloss/dw1 = dloss/dz * x1         = -0.2875
//   dloss/dw2 = dloss/dz * x2         = -0.5749
//   dloss/db  = dloss/dz * 1          = 0.2875
//
// Autograd computes the same numbers. Then a few steps of gradient descent, w = w - dloss/dw, bring
// y closer to t.
#include <excite/autograd/ops.h>
#include <iomanip>
#include <iostream>
#include <utility>

using namespace excite;

int main() {
  const Var x1 = full({}, -1), x2 = full({}, -2), t = full({}, 0);  // data: shape {}, one number
  const Var w1 = parameter(full({}, 2)), w2 = parameter(full({}, -3)), b = parameter(full({}, -3));
  std::cout << std::fixed << std::setprecision(4);

  for (int step = 0; step < 4; step++) {
    const Var z = w1 * x1 + w2 * x2 + b;
    const Var y = sigmoid(z);
    const Var loss = (y - t) * (y - t);
    std::cout << "step " << step << ": z = " << z->value.item() << ", y = " << y->value.item()
              << ", loss = " << loss->value.item() << "\n";

    backward(loss);
    for (const auto& [name, p] : {std::pair{"w1", w1}, {"w2", w2}, {"b", b}}) {
      std::cout << "  dloss/d" << name << " = " << p->grad.item() << "\n";
      p->value[0] -= p->grad.item();  // the learning rate is 1
      p->grad = Tensor();             // otherwise the next backward adds to it
    }
  }
}
