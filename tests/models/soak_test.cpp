// Training for long, with a batch size that changes from step to step.
#include <gtest/gtest.h>

#include <unistd.h>

#include <fstream>

#include "autograd/ops.h"
#include "autograd/optimizer.h"
#include "core/random.h"
#include "layers/parameters.h"
#include "models/zoo/registry.h"

namespace excite {
namespace {

// Resident memory of this process, in bytes.
long resident_memory() {
  long total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

TEST(NightSoak, ResidentMemoryStaysFlatOverThreeThousandSteps) {
  Rng rng(0);
  const Model model = make_model("se_small_resnet", {}, 10, rng);
  Sgd sgd(parameters(model.module()), {});
  long after_500 = 0, most = 0;
  for (int step = 0; step < 3000; step++) {
    const long batch = 2 + static_cast<long>(rng.bits() % 63);
    std::vector<int> labels(batch);
    for (int& label : labels) label = static_cast<int>(rng.bits() % 10);
    backward(cross_entropy(model(normal({batch, 32, 32, 3}, rng), Mode::train), labels));
    sgd.step(0.01);
    if (step == 500) after_500 = resident_memory();
    if (step > 500) most = std::max(most, resident_memory());
  }
  EXPECT_LE(most - after_500, 2 << 20) << "bytes after 500 steps: " << after_500;
}

}  // namespace
}  // namespace excite
