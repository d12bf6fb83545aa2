// The activations of activations.cpp against their formulas, also far from 0.
#include <functional>

#include "autograd/ops.h"
#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

constexpr double tolerance = in_double_build ? 1e-13 : 1e-6;

using Function = std::function<double(double)>;
struct Activation {
  const char* name;
  Var (*op)(const Var&);
  Function f, slope;
};

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }
double normal_cdf(double x) { return (1 + std::erf(x / std::sqrt(2))) / 2; }
double density(double x) { return std::exp(-x * x / 2) / std::sqrt(2 * std::acos(-1)); }

const std::vector<Activation>& activations() {
  static const std::vector<Activation> all{
      {"hard_sigmoid", hard_sigmoid,
       [](double x) { return std::min(std::max(x / 6 + 0.5, 0.0), 1.0); },
       [](double x) { return std::abs(x) < 3 ? 1.0 / 6 : 0.0; }},
      {"silu", silu, [](double x) { return x * sigmoid_of(x); },
       [](double x) { return sigmoid_of(x) * (1 + x * (1 - sigmoid_of(x))); }},
      {"gelu", gelu, [](double x) { return x * normal_cdf(x); },
       [](double x) { return normal_cdf(x) + x * density(x); }}};
  return all;
}

// f of each element of x, times the same element of dy.
Tensor times(const Function& f, const Tensor& x, const Tensor& dy) {
  std::vector<double> y;
  for (long i = 0; i < x.size(); i++)
    y.push_back(f(static_cast<double>(x[i])) * static_cast<double>(dy[i]));
  return tensor_of(x.shape(), y);
}

TEST(Activations, AndTheirGradientsMatchTheirFormulas) {
  Rng rng(0);
  for (const Activation& a : activations()) {
    const Var x = parameter(uniform({3, 100}, rng, -6, 6));
    const Tensor dy = normal(x.shape(), rng);
    const Var y = a.op(x);
    EXPECT_TRUE(close(y->value, times(a.f, x->value, full(x.shape(), 1)), tolerance)) << a.name;
    backward(y, dy.clone());
    EXPECT_TRUE(close(x->grad, times(a.slope, x->value, dy), tolerance)) << a.name;
  }
}

// Far below 0 all three and their slopes are 0; far above, the slopes are 0, 1 and 1.
TEST(Activations, AreFiniteFarFromZero) {
  const real huge = real(1e30);
  const std::vector<Tensor> values = [&] {
    std::vector<Tensor> v;
    v.push_back(Tensor({4}, {0, 0, 1, 1}));
    v.push_back(Tensor({4}, {0, 0, 1000, huge}));
    v.push_back(Tensor({4}, {0, 0, 1000, huge}));
    return v;
  }();
  for (std::size_t i = 0; i < activations().size(); i++) {
    const Activation& a = activations()[i];
    const Var x = parameter(Tensor({4}, {-huge, -1000, 1000, huge}));
    const Var y = a.op(x);
    EXPECT_TRUE(close(y->value, values[i], 0)) << a.name;
    backward(y, full({4}, 1));
    const real above = i == 0 ? 0 : 1;
    EXPECT_TRUE(close(x->grad, Tensor({4}, {0, 0, above, above}), 0)) << a.name;
  }
}

TEST(Activations, PropagateNaN) {
  const real nan = std::numeric_limits<real>::quiet_NaN();
  for (const Activation& a : activations())
    EXPECT_TRUE(std::isnan(a.op(Tensor({1}, {nan}))->value[0])) << a.name;
}

TEST(HardSigmoid, IsExactAtItsKinks) {
  EXPECT_TRUE(
      same_bits(hard_sigmoid(Tensor({3}, {-3, 0, 3}))->value, Tensor({3}, {0, real(0.5), 1})));
}

// 1 + erf(-5 / sqrt 2) has lost seven digits, and in float all of them.
TEST(Gelu, KeepsItsDigitsFarBelowZero) {
  const double expected = -5 * std::erfc(5 / std::sqrt(2)) / 2;
  EXPECT_NEAR(static_cast<double>(gelu(Tensor({1}, {-5}))->value[0]) / expected, 1, 10 * tolerance);
}

// As in PyTorch, the slope at 0 is that of negative numbers.
TEST(Activations, LeakyReluHasTwoSlopes) {
  const Var x = parameter(Tensor({5}, {-8, -1, 0, 1, 8}));
  const Var y = leaky_relu(x, real(0.25));
  EXPECT_TRUE(same_bits(y->value, Tensor({5}, {-2, real(-0.25), 0, 1, 8})));
  backward(y, full({5}, 2));
  EXPECT_TRUE(same_bits(x->grad, Tensor({5}, {real(0.5), real(0.5), real(0.5), 2, 2})));
}

}  // namespace
}  // namespace excite
