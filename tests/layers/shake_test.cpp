#include "layers/shake.h"

#include "tests/support/compare.h"

namespace excite {
namespace {

using Forward = ShakeOptions::Forward;
using Back = ShakeOptions::Backward;

// With a = 1 and b = 0 the mixture equals alpha, and the gradient of its sum with respect to a
// equals beta. One number per image, taken from the first element.
struct Coefficients {
  std::vector<real> alpha, beta;
};
Coefficients coefficients(const Shake& mix, Mode mode, long images = 200) {
  const Var a = parameter(full({images, 2, 1, 3}, 1)), b = zeros({images, 2, 1, 3});
  const Var y = mix(a, b, mode);
  const Tensor value = y->value.clone();
  backward(sum(y));
  Coefficients c;
  for (long i = 0; i < value.size(); i++) {
    if (i % 6 == 0) c.alpha.push_back(value[i]), c.beta.push_back(a->grad[i]);
    EXPECT_EQ(value[i], c.alpha.back()) << "one alpha per image";
    EXPECT_EQ(a->grad[i], c.beta.back()) << "one beta per image";
  }
  return c;
}

void expect_drawn(const std::vector<real>& numbers) {
  double total = 0;
  for (const real v : numbers) {
    EXPECT_GE(v, 0);
    EXPECT_LT(v, 1);
    total += static_cast<double>(v);
  }
  EXPECT_NEAR(total / static_cast<double>(numbers.size()), 0.5, 0.06);
  EXPECT_NE(numbers[0], numbers[1]);
}

TEST(ShakeLayer, DrawsOneCoefficientPerImageInTrainingAndUsesHalvesInEvaluation) {
  const std::vector<real> halves(200, real(0.5));
  const Coefficients both = coefficients(Shake({Forward::shake, Back::shake}), Mode::train);
  expect_drawn(both.alpha);
  expect_drawn(both.beta);
  EXPECT_NE(both.alpha, both.beta);

  const Coefficients even = coefficients(Shake({Forward::shake, Back::even}), Mode::train);
  expect_drawn(even.alpha);
  EXPECT_EQ(even.beta, halves);

  const Coefficients kept = coefficients(Shake({Forward::shake, Back::keep}), Mode::train);
  expect_drawn(kept.alpha);
  EXPECT_EQ(kept.beta, kept.alpha);

  const Coefficients half_forward = coefficients(Shake({Forward::even, Back::shake}), Mode::train);
  EXPECT_EQ(half_forward.alpha, halves);
  expect_drawn(half_forward.beta);

  const Coefficients evaluated = coefficients(Shake({Forward::shake, Back::shake}), Mode::eval);
  EXPECT_EQ(evaluated.alpha, halves);
  EXPECT_EQ(evaluated.beta, halves);
}

TEST(ShakeLayer, DependsOnSeedAndStepOnly) {
  const Shake mix(ShakeOptions{});
  EXPECT_TRUE(mix.state().empty());
  const auto drawn = [&](long seed, long step) {
    mix.reseed(seed, step);
    return coefficients(mix, Mode::train);
  };
  const Coefficients first = drawn(1, 2), again = drawn(1, 2);
  EXPECT_EQ(first.alpha, again.alpha);
  EXPECT_EQ(first.beta, again.beta);
  EXPECT_NE(first.alpha, drawn(1, 3).alpha);
  EXPECT_NE(first.beta, drawn(2, 2).beta);
}

}  // namespace
}  // namespace excite
