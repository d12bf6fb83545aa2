#include "models/zoo/shake_shake.h"

#include "autograd/optimizer.h"
#include "core/parallel.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

TEST(TwoPathShortcut, UsesEverySecondPixelAndTheOneAboveLeftOfIt) {
  Rng rng(0);
  const TwoPathShortcut shortcut(1, 2, 2, rng);
  shortcut.conv1.w->value = full({1, 1, 1, 1}, 1);
  shortcut.conv2.w->value = full({1, 1, 1, 1}, 1);
  Tensor x({1, 3, 4, 1});
  for (long i = 0; i < 12; i++) x[i] = static_cast<real>(i);
  const Tensor y = shortcut(std::move(x), Mode::eval)->value.clone();
  const double norm = 1 / std::sqrt(1 + batch_norm_eps);
  // channel 0: rows 0 and 2, columns 0 and 2; channel 1: rows -1 and 1, columns -1 and 1
  EXPECT_TRUE(close(
      y, tensor_of({1, 2, 2, 2}, {0, 0, 2 * norm, 0, 8 * norm, 0, 10 * norm, 5 * norm}), 1e-6));
}

// Both kinds of block, computed from their parts.
TEST(ShakeBlock, FollowsItsFormula) {
  Rng rng(0);
  const Var x = normal({2, 6, 6, 4}, rng);
  const ShakeBlock basic(4, {{3, 6, 2}, {3, 6}}, ReluAt::start_of_branch, {}, {}, rng),
      same(4, {{3, 4}, {3, 4}}, ReluAt::start_of_branch, {}, {}, rng);
  const auto half = [](const Var& a, const Var& b) { return scale(add(a, b), real(0.5)); };
  const Mode mode = Mode::eval;
  const double tolerance = in_double_build ? 1e-13 : 1e-5;
  const Var u = relu(x);
  EXPECT_TRUE(close(
      basic(x, mode)->value,
      add(half(basic.branch1(u, mode), basic.branch2(u, mode)), (*basic.two_paths)(u, mode))->value,
      tolerance));
  EXPECT_TRUE(close(same(x, mode)->value,
                    add(half(same.branch1(u, mode), same.branch2(u, mode)), x)->value, tolerance));
  const ShakeBlock next(4, {{1, 4}, {3, 4, 2, 2}, {1, 8}}, ReluAt::end_of_block, {}, {}, rng);
  const Var shortcut = (*next.projection)(x, mode);
  EXPECT_TRUE(close(next(x, mode)->value,
                    relu(add(half(next.branch1(x, mode), next.branch2(x, mode)), shortcut))->value,
                    tolerance));
  EXPECT_FALSE(close(next.branch1(x, mode)->value, next.branch2(x, mode)->value, 0.1))
      << "the branches are initialized alike";
}

// The random numbers of a step depend on its seed and number alone, not on threads: a resumed run
// draws the same mixtures.
TEST(ShakeNetwork, TrainsWithTheSameBitsOnAnyNumberOfThreads) {
  const auto gradients = [](int threads, long step) {
    set_threads(threads);
    Rng rng(0);
    const ShakeNetwork net(small_shake(), 5, rng);
    net.reseed(7, step);
    const Tensor images = normal({6, 9, 9, 3}, rng);
    backward(cross_entropy(net(images.clone(), Mode::train), {0, 1, 2, 3, 4, 0}));
    std::vector<Tensor> all;
    for (const Var& p : net.parameters()) all.push_back(p->grad.clone());
    return all;
  };
  const int before = threads();
  const std::vector<Tensor> one = gradients(1, 3), three = gradients(3, 3), other = gradients(3, 4);
  set_threads(before);
  bool differs = false;
  for (std::size_t i = 0; i < one.size(); i++) {
    EXPECT_TRUE(same_bits(one[i], three[i]));
    differs |= !close(one[i], other[i], 1e-3);
  }
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace excite
