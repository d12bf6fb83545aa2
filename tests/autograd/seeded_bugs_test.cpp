// Tests of the gradient check itself. Each case is a small operation with a correct backward, and
// the same operation with a typical mistake. The first must pass, the second must fail.
#include <gtest/gtest.h>

#ifdef EXCITE_DOUBLE

#include <cstdlib>
#include <cstring>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "core/check.h"
#include "core/kernels/elementwise.h"
#include "core/random.h"
#include "tests/autograd/seeded_bugs.h"

namespace excite {
namespace {

std::vector<SeededBug> all_bugs() {
  std::vector<SeededBug> all = calculus_bugs();
  for (const std::vector<SeededBug>& more : {layer_bugs(), engine_bugs()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

class SeededBugs : public testing::TestWithParam<SeededBug> {
 protected:
  GradcheckReport check(bool bug) const {
    Rng rng(7);
    std::vector<Var> inputs;
    for (const Shape& shape : GetParam().inputs) inputs.push_back(normal(shape, rng));
    return check_gradient([&](const Inputs& in) { return GetParam().op(in, bug); }, inputs);
  }
};

TEST_P(SeededBugs, TheCorrectOperationPassesAndTheMistakeFails) {
  const GradcheckReport right = check(false), wrong = check(true);
  EXPECT_TRUE(right.ok) << right;
  EXPECT_FALSE(wrong.ok);
  EXPECT_NE(text(wrong).find(GetParam().message), std::string::npos)
      << "expected: " << GetParam().message << "\nfound: " << wrong;
}

INSTANTIATE_TEST_SUITE_P(All, SeededBugs, testing::ValuesIn(all_bugs()));

TEST(SeededBugs, AreAtLeastThirty) { EXPECT_GE(all_bugs().size(), 30u); }

// Two tensors cannot share memory through their interface, so the bytes are copied. The memory is
// then freed twice, so this runs in a process of its own.
TEST(SeededBugsDeathTest, TwoGradientsThatShareMemoryAreFound) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const auto forged = [](const Inputs& in) {
    return result("add", map([](real a, real b) { return a + b; }, in[0]->value, in[1]->value),
                  {in[0], in[1]}, [=](Node& y) {
                    in[0].add_grad(std::move(y.grad));
                    std::memcpy(static_cast<void*>(&in[1]->grad),
                                static_cast<const void*>(&in[0]->grad), sizeof(Tensor));
                  });
  };
  const auto is_found = [&] {
    return text(check_gradient(forged, {full({3}, 1), full({3}, 2)}))
               .find("the gradient of input 0 [3] shares its memory with") != std::string::npos;
  };
  EXPECT_EXIT(std::_Exit(is_found() ? 0 : 1), testing::ExitedWithCode(0), "");
}

// The reason for a random cotangent: the sum over a normalized channel is constant, so sum() hides
// every mistake in dx.
TEST(SeededBugs, SumHidesABatchNormWithoutItsVarianceTerm) {
  Rng rng(7);
  const std::vector<Var> inputs{normal({2, 5, 5, 2}, rng), normal({2}, rng), normal({2}, rng)};
  const auto wrong = [](const Inputs& in) {
    return add_bias(batch_norm_without_variance(in[0], in[1]), in[2]);
  };
  const auto with_sum = check_gradient([=](const Inputs& in) { return sum(wrong(in)); }, inputs,
                                       {.zero_gradient = {0, 1}});
  EXPECT_TRUE(with_sum.ok) << with_sum;
  EXPECT_FALSE(check_gradient(wrong, inputs).ok);
}

}  // namespace
}  // namespace excite
#endif
