// Several threads of a program may each record a graph and compute its gradients.
#include <thread>

#include "autograd/ops.h"
#include "core/parallel.h"
#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

// The gradients of x, w and gamma in a convolution with batch norm, whose sums have several shards.
std::vector<Tensor> gradients() {
  Rng rng(3);
  const Var x = parameter(normal({6, 9, 9, 5}, rng)), w = parameter(normal({3, 3, 5, 7}, rng)),
            gamma = parameter(uniform({7}, rng, real(0.5), 2)), beta = parameter(zeros({7}));
  const Var mean(zeros({7})), var(full({7}, 1));
  const Var y = relu(batch_norm(conv2d(x, w, {.stride = 1, .pad = 1}), gamma, beta, mean, var));
  backward(y, normal(y.shape(), rng));
  std::vector<Tensor> found;
  for (const Var& v : {x, w, gamma}) found.push_back(v->grad.clone());
  return found;
}

TEST(GraphsOfSeveralThreads, GiveTheSameBitsAsOfOne) {
  const int before = threads();
  for (const int count : {1, 3}) {
    set_threads(count);
    const std::vector<Tensor> expected = gradients();
    std::vector<std::thread> callers;
    for (int i = 0; i < 4; i++)
      callers.emplace_back([&] {
        for (int repetition = 0; repetition < 5; repetition++) {
          const std::vector<Tensor> found = gradients();
          for (std::size_t v = 0; v < found.size(); v++)
            ASSERT_TRUE(same_bits(found[v], expected[v])) << "input " << v;
        }
      });
    for (std::thread& t : callers) t.join();
  }
  set_threads(before);
}

// NoGrad and the recorded graph are those of the thread that made them.
TEST(GraphsOfSeveralThreads, NoGradAppliesToItsThreadAlone) {
  const NoGrad no_grad;
  const Var x = parameter(full({2}, 3));
  bool recorded = false;
  std::thread other([&] { recorded = scale(x, 2).requires_grad(); });
  other.join();
  EXPECT_TRUE(recorded);
  EXPECT_FALSE(scale(x, 2).requires_grad());
}

}  // namespace
}  // namespace excite
