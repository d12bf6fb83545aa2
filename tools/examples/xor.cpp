// Two linear layers learn the exclusive or. One layer cannot: no straight line separates (0, 1) and
// (1, 0) from (0, 0) and (1, 1). The tanh between the two layers bends the line.
#include <excite/autograd/ops.h>
#include <excite/autograd/optimizer.h>
#include <excite/layers/linear.h>
#include <excite/layers/parameters.h>
#include <excite/training/metrics.h>
#include <iostream>

using namespace excite;

// A network is a struct derived from Module. `own` gives each layer a name, and its parameters
// become parameters of the network: hidden.weight, hidden.bias, output.weight, output.bias.
struct Net : Module {
  Linear hidden, output;
  explicit Net(Rng& rng)
      : hidden(own("hidden", Linear(2, 8, rng))), output(own("output", Linear(8, 2, rng))) {}
  Var operator()(const Var& x) const { return output(tanh(hidden(x))); }  // [N, 2] -> [N, 2]
};

int main() {
  const Var x = Tensor({4, 2}, {0, 0, 0, 1, 1, 0, 1, 1});  // four rows: all inputs there are
  const std::vector<int> labels{0, 1, 1, 0};
  Rng rng(0);
  const Net net(rng);
  Sgd sgd(parameters(net));  // with Nesterov momentum 0.9

  for (int step = 0; step <= 100; step++) {
    const Var logits = net(x);
    const Var loss = cross_entropy(logits, labels);
    if (step % 20 == 0)
      std::cout << "step " << step << ": loss " << loss->value.item() << ", accuracy "
                << 100 * accuracy(logits->value, labels) << " %\n";
    backward(loss);
    sgd.step(0.1);  // the learning rate
  }

  const Var p = softmax(net(x));  // [4, 2]: the probabilities of 0 and of 1 in each row
  for (int row = 0; row < 4; row++)
    std::cout << row / 2 << " xor " << row % 2 << " is 1 with probability " << p->value[2 * row + 1]
              << "\n";
}
