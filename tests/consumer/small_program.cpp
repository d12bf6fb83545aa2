// An example of another project: it makes a network and runs one training pass.
// tests/install_test.cpp builds it in both precisions.
#include <iostream>

#include "autograd/ops.h"
#include "core/random.h"
#include "models/zoo/registry.h"

int main() {
  excite::Rng rng(1);
  const excite::Model model = excite::make_model("se_resnet20", {}, 10, rng);
  const excite::Var loss =
      cross_entropy(model(excite::normal({2, 32, 32, 3}, rng), excite::Mode::train), {3, 7});
  backward(loss);
  std::cout << sizeof(excite::real) << " bytes, " << model.module.parameter_count()
            << " parameters, loss " << (loss->value.item() > 0 ? "positive" : "not positive")
            << "\n";
}
