// The values of the operations that have no kernel of their own, and the errors for shapes that do
// not match. Gradients are tested by the gradient checks and by golden_test.cpp.
#include "autograd/ops.h"

#include <functional>

#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

constexpr double tolerance = in_double_build ? 1e-13 : 1e-6;

TEST(Ops, ElementwiseOnesMatchTheirFormulas) {
  Rng rng(0);
  const Var a = uniform({3, 50}, rng, -4, 4), b = uniform({3, 50}, rng, -4, 4),
            positive = uniform({3, 50}, rng, real(0.01), 9);
  const auto is = [](const Var& y, const std::function<double(double, double)>& f, const Var& u,
                     const Var& v) {
    std::vector<double> expected;
    for (long i = 0; i < u->value.size(); i++)
      expected.push_back(f(static_cast<double>(u->value[i]), static_cast<double>(v->value[i])));
    return close(y->value, tensor_of(u.shape(), expected), tolerance);
  };
  EXPECT_TRUE(is(
      add(a, b), [](double u, double v) { return u + v; }, a, b));
  EXPECT_TRUE(is(
      sub(a, b), [](double u, double v) { return u - v; }, a, b));
  EXPECT_TRUE(is(
      mul(a, b), [](double u, double v) { return u * v; }, a, b));
  EXPECT_TRUE(is(
      scale(a, real(-1.5)), [](double u, double) { return -1.5 * u; }, a, a));
  EXPECT_TRUE(is(
      relu(a), [](double u, double) { return std::max(u, 0.0); }, a, a));
  EXPECT_TRUE(is(
      sigmoid(a), [](double u, double) { return 1 / (1 + std::exp(-u)); }, a, a));
  EXPECT_TRUE(is(
      tanh(a), [](double u, double) { return std::tanh(u); }, a, a));
  EXPECT_TRUE(is(
      exp(a), [](double u, double) { return std::exp(u); }, a, a));
  EXPECT_TRUE(is(
      log(positive), [](double u, double) { return std::log(u); }, positive, positive));
  EXPECT_TRUE(is(
      sqrt(positive), [](double u, double) { return std::sqrt(u); }, positive, positive));
}

TEST(Relu, PropagatesNaN) {
  const real nan = std::numeric_limits<real>::quiet_NaN();
  EXPECT_TRUE(std::isnan(relu(Tensor({1}, {nan}))->value[0]));
}

TEST(Sigmoid, IsFiniteForLargeInputs) {
  EXPECT_TRUE(same_bits(sigmoid(Tensor({2}, {-1000, 1000}))->value, Tensor({2}, {0, 1})));
}

TEST(Dropout, ZeroesAFractionAndScalesTheRest) {
  Rng rng(0);
  const Var x = parameter(full({100'000}, 3));
  const Var y = dropout(x, real(0.25), rng);
  long kept = 0;
  for (const real v : y->value) {
    ASSERT_TRUE(v == 0 || std::abs(v - 4) < real(1e-5)) << v;
    kept += v != 0;
  }
  EXPECT_NEAR(static_cast<double>(kept), 75'000, 600);
  const Tensor mask = y->value.clone();
  backward(y, full(x.shape(), 3));
  EXPECT_TRUE(same_bits(x->grad, mask)) << "the gradient uses the same mask";
}

TEST(Dropout, WithProbabilityZeroIsTheIdentityAndOneIsRefused) {
  Rng rng(0);
  EXPECT_TRUE(same_bits(dropout(full({10}, 2), 0, rng)->value, full({10}, 2)));
  EXPECT_TRUE(fails_saying([&] { dropout(full({10}, 2), 1, rng); },
                           {"dropout", "probability 1", "below 1"}));
  EXPECT_TRUE(fails_saying([&] { dropout(full({10}, 2), real(-0.5), rng); }, {"dropout", "-0.5"}));
}

// The backward pass is not the derivative of the forward pass, so finite differences cannot test
// it.
TEST(Shake, MixesWithAlphaForwardAndWithBetaBackward) {
  Rng rng(0);
  const Var a = parameter(normal({3, 2, 2, 5}, rng)), b = parameter(normal({3, 2, 2, 5}, rng));
  const Tensor alpha({3}, {real(0.25), 0, real(0.8)}), beta({3}, {real(0.5), real(0.9), 0}),
      dy = normal(a.shape(), rng);
  std::vector<double> y, da, db;
  for (long i = 0; i < dy.size(); i++) {
    const double forward = static_cast<double>(alpha[i / 20]),
                 back = static_cast<double>(beta[i / 20]), d = static_cast<double>(dy[i]);
    y.push_back(forward * static_cast<double>(a->value[i]) +
                (1 - forward) * static_cast<double>(b->value[i]));
    da.push_back(back * d);
    db.push_back((1 - back) * d);
  }
  const Var mixture = shake(a, b, alpha.clone(), beta.clone());
  EXPECT_TRUE(close(mixture->value, tensor_of(dy.shape(), y), tolerance));
  backward(mixture, dy.clone());
  EXPECT_TRUE(close(a->grad, tensor_of(dy.shape(), da), tolerance));
  EXPECT_TRUE(close(b->grad, tensor_of(dy.shape(), db), tolerance));
  EXPECT_TRUE(fails_saying([&] { shake(a, b, zeros({2}), zeros({3})); },
                           {"shake", "[3, 2, 2, 5]", "[2]", "[3]"}));
  EXPECT_TRUE(fails_saying([&] { shake(a, b, zeros({3}), zeros({3, 1})); }, {"shake", "[3, 1]"}));
  EXPECT_TRUE(fails_saying(
      [&] {
        shake(a, zeros({3, 2, 2, 4}), zeros({3}), zeros({3}));
      },
      {"shake", "[3, 2, 2, 4]", "equal"}));
}

TEST(BatchNorm, NormalizesAndUpdatesTheRunningStatistics) {
  Rng rng(0);
  const Var x = normal({8, 5, 5, 3}, rng, 4, 2), gamma = full({3}, 1), beta = zeros({3}),
            mean = zeros({3}), var = full({3}, 1);
  const Var y = batch_norm(x, gamma, beta, mean, var);
  for (long c = 0; c < 3; c++) {
    double sum = 0, squares = 0, sum_x = 0, squares_x = 0;
    for (long i = c; i < 600; i += 3) {
      const double v = static_cast<double>(y->value[i]), u = static_cast<double>(x->value[i]);
      sum += v, squares += v * v, sum_x += u, squares_x += u * u;
    }
    EXPECT_NEAR(sum / 200, 0, 1e-6);
    EXPECT_NEAR(squares / 200, 1, 1e-4);
    const double unbiased = (squares_x - sum_x * sum_x / 200) / 199;
    EXPECT_NEAR(static_cast<double>(mean->value[c]), 0.1 * sum_x / 200, 1e-5);
    EXPECT_NEAR(static_cast<double>(var->value[c]), 0.9 + 0.1 * unbiased, 1e-5);
  }
}

TEST(BatchNorm, DoesNotChangeTheRunningStatisticsInEvaluation) {
  Rng rng(0);
  const Var x = normal({4, 3}, rng), gamma = full({3}, 1), beta = zeros({3}), mean = full({3}, 1),
            var = full({3}, 2);
  batch_norm_running(x, gamma, beta, mean, var);
  EXPECT_TRUE(same_bits(mean->value, full({3}, 1)));
  EXPECT_TRUE(same_bits(var->value, full({3}, 2)));
}

TEST(BatchNorm, RefusesOneValuePerChannel) {
  const Var one = full({3}, 1), zero = zeros({3});
  EXPECT_TRUE(fails_saying(
      [&] {
        batch_norm(zeros({1, 1, 1, 3}), one, zero, one, one);
      },
      {"batch_norm", "[1, 1, 1, 3]", "one value per channel"}));
  EXPECT_NO_THROW(batch_norm_running(zeros({1, 1, 1, 3}), one, zero, one, one));
  EXPECT_TRUE(same_bits(one->value, full({3}, 1)))
      << "a refused batch does not change the statistics";
}

// A part that requires no gradient still takes up its channels.
TEST(ConcatChannels, GivesEachPartItsOwnChannelsOfTheGradient) {
  const Var constant = Tensor({2, 1}, {1, 2}), a = parameter(zeros({2, 2})),
            data = Tensor({2, 1}, {3, 4}), b = parameter(zeros({2, 1}));
  backward(concat_channels({constant, a, data, b}),
           Tensor({2, 5}, {0, 1, 2, 3, 4, 10, 11, 12, 13, 14}));
  EXPECT_TRUE(same_bits(a->grad, Tensor({2, 2}, {1, 2, 11, 12})));
  EXPECT_TRUE(same_bits(b->grad, Tensor({2, 1}, {4, 14})));
}

TEST(Ops, ReportShapesThatDoNotMatch) {
  const Var a = zeros({2, 3}), b = zeros({3, 2}), v3 = zeros({3}), v2 = zeros({2}),
            images = zeros({2, 4, 4, 3});
  using Parts = std::vector<std::string>;
  const Parts both{"[2, 3]", "[3, 2]"};
  const auto with = [](Parts parts, const std::string& op) { return parts.push_back(op), parts; };
  EXPECT_TRUE(fails_saying([&] { add(a, b); }, with(both, "add")));
  EXPECT_TRUE(fails_saying([&] { sub(a, b); }, with(both, "sub")));
  EXPECT_TRUE(fails_saying([&] { mul(a, b); }, with(both, "mul")));
  EXPECT_TRUE(fails_saying([&] { matmul(a, a); }, {"matmul", "[2, 3] times [2, 3]", "inner"}));
  EXPECT_TRUE(fails_saying([&] { add_bias(a, v2); }, {"add_bias", "[2, 3]", "[2]", "3 channels"}));
  EXPECT_TRUE(fails_saying([&] { add_bias(zeros({}), v2); }, {"add_bias", "[]", "[2]"}));
  EXPECT_TRUE(fails_saying([&] { linear(a, a, v3); },
                           {"linear", "input [2, 3]", "weight [2, 3]", "[in, out]"}));
  EXPECT_TRUE(fails_saying([&] { linear(a, b, v3); }, {"[2, 2]", "[3]"}));
  EXPECT_TRUE(fails_saying(
      [&] {
        conv2d(images, zeros({3, 3, 4, 5}));
      },
      {"conv2d", "[2, 4, 4, 3]", "[3, 3, 4, 5]"}));
  EXPECT_TRUE(fails_saying([&] { batch_norm(images, v2, v3, v3, v3); },
                           {"batch_norm", "[2, 4, 4, 3]", "gamma", "[2]"}));
  EXPECT_TRUE(
      fails_saying([&] { batch_norm(images, v3, v2, v3, v3); }, {"batch_norm", "beta", "[2]"}));
  EXPECT_TRUE(fails_saying([&] { batch_norm(images, v3, v3, v2, v3); },
                           {"batch_norm", "running mean", "[2]"}));
  EXPECT_TRUE(fails_saying([&] { batch_norm_running(images, v3, v3, v3, v2); },
                           {"batch_norm", "running variance", "[2]"}));
  EXPECT_TRUE(
      fails_saying([&] { batch_norm(images, v3, v3, v3, v3, -1); }, {"batch_norm", "eps -1"}));
  EXPECT_TRUE(fails_saying([&] { batch_norm_running(images, v3, v3, v3, v3, -1); },
                           {"batch_norm_running", "eps -1"}));
  EXPECT_TRUE(fails_saying([&] { max_pool2d(images, {.kernel = 5}); },
                           {"max_pool2d", "[2, 4, 4, 3]", "5"}));
  EXPECT_TRUE(fails_saying([&] { avg_pool2d(a, {}); }, {"avg_pool2d", "[2, 3]", "[N, H, W, C]"}));
  EXPECT_TRUE(fails_saying([&] { global_avg_pool(a); }, {"global_avg_pool", "[2, 3]"}));
  EXPECT_TRUE(fails_saying([&] { global_max_pool(a); }, {"global_max_pool", "[2, 3]"}));
  EXPECT_TRUE(fails_saying([&] { scale_channels(images, b); },
                           {"scale_channels", "[2, 4, 4, 3]", "[3, 2]"}));
  EXPECT_TRUE(fails_saying([&] { concat_channels({a, b}); }, with(both, "concat_channels")));
  EXPECT_TRUE(fails_saying([&] { channel_shuffle(images, 2); },
                           {"channel_shuffle", "2 groups", "[2, 4, 4, 3]"}));
  EXPECT_TRUE(fails_saying([&] { channel_shuffle(zeros({}), 2); }, {"channel_shuffle", "[]"}));
  EXPECT_TRUE(fails_saying([&] { scale_channels(images, v2); }, {"[2]", "[..., C] and [C]"}));
  EXPECT_TRUE(fails_saying([&] { scale_channels(v3, v3); }, {"scale_channels", "[3]"}));
  EXPECT_TRUE(fails_saying([&] { layer_norm(images, v2, v3); },
                           {"layer_norm", "[2, 4, 4, 3]", "gamma", "[2]"}));
  EXPECT_TRUE(fails_saying([&] { layer_norm(images, v3, v2); }, {"layer_norm", "beta", "[2]"}));
  EXPECT_TRUE(fails_saying([&] { layer_norm(images, v3, v3, -1); }, {"layer_norm", "eps -1"}));
  EXPECT_TRUE(fails_saying(
      [&] {
        layer_norm(zeros({2, 0}), zeros({0}), zeros({0}));
      },
      {"layer_norm", "[2, 0]", "no channels"}));
  EXPECT_TRUE(fails_saying([&] { layer_norm(zeros({}), v3, v3); }, {"layer_norm", "[]", "gamma"}));
  EXPECT_TRUE(fails_saying(
      [&] {
        embedding(a, {0, 2});
      },
      {"embedding", "index 1 is 2", "[2, 3]", "0 to 1"}));
  EXPECT_TRUE(fails_saying([&] { embedding(v3, {0}); }, {"embedding", "[3]", "[V, D]"}));
  EXPECT_TRUE(fails_saying([&] { reshape(a, {4}); }, {"reshape", "[2, 3]", "[4]"}));
  EXPECT_TRUE(fails_saying([&] { mean(Tensor()); }, {"mean", "[0]", "no elements"}));
}

// Nothing is broadcast; the error says what to use.
TEST(Ops, NameWhatAddsOrMultipliesANumberPerChannel) {
  const Var images = zeros({2, 4, 4, 3}), rows = zeros({5, 3}), c = zeros({3}), nc = zeros({2, 3});
  const auto says = [](const auto& f, const std::string& text) {
    return fails_saying(f, {text + " differ, expected equal shapes"});
  };
  EXPECT_TRUE(says([&] { return images + c; }, "add: shapes [2, 4, 4, 3] and [3]"));
  EXPECT_TRUE(says([&] { return nc * images; }, "mul: shapes [2, 3] and [2, 4, 4, 3]"));
  const std::string channel = "with a number b for each channel, use ",
                    image = "with a number b for each image and channel, use ";
  EXPECT_TRUE(
      fails_saying([&] { return images + c; }, {"for x + b " + channel + "add_bias(x, b)"}));
  EXPECT_TRUE(fails_saying([&] { return c + rows; }, {"for x + b " + channel + "add_bias(x, b)"}));
  EXPECT_TRUE(
      fails_saying([&] { return images - c; }, {"for x - b " + channel + "add_bias(x, -1 * b)"}));
  EXPECT_TRUE(
      fails_saying([&] { return c - images; }, {"for b - x " + channel + "add_bias(-1 * x, b)"}));
  EXPECT_TRUE(
      fails_saying([&] { return rows * c; }, {"for x * b " + channel + "scale_channels(x, b)"}));
  EXPECT_TRUE(
      fails_saying([&] { return nc * images; }, {"for x * b " + image + "scale_channels(x, b)"}));
  EXPECT_TRUE(fails_saying([&] { return images + nc; },
                           {"for x + b " + image + "x + scale_channels(full(x.shape(), 1), b)"}));
  EXPECT_TRUE(fails_saying([&] { return images - nc; },
                           {"for x - b " + image + "x - scale_channels(full(x.shape(), 1), b)"}));
  EXPECT_TRUE(fails_saying([&] { return nc - images; },
                           {"for b - x " + image + "scale_channels(full(x.shape(), 1), b) - x"}));
}

// What these errors advise has the shape, the value and the gradient of a broadcast.
TEST(Ops, ThatAreAdvisedComputeTheBroadcast) {
  Rng rng(0);
  const Var x = normal({2, 4, 4, 3}, rng), c = parameter(normal({3}, rng)),
            nc = parameter(normal({2, 3}, rng));
  const auto at = [](const Var& v, long i) { return static_cast<double>(v->value[i]); };
  const auto broadcast = [&](const auto& f) {
    std::vector<double> y;
    for (long i = 0; i < x->value.size(); i++) y.push_back(f(i));
    return tensor_of(x.shape(), y);
  };
  const auto image = [](long i) { return i / 48 * 3 + i % 3; };
  const auto ones = [&] { return full(x.shape(), 1); };
  EXPECT_TRUE(close(add_bias(x, -1 * c)->value,
                    broadcast([&](long i) { return at(x, i) - at(c, i % 3); }), tolerance));
  EXPECT_TRUE(close(add_bias(-1 * x, c)->value,
                    broadcast([&](long i) { return at(c, i % 3) - at(x, i); }), tolerance));
  EXPECT_TRUE(close(scale_channels(x, c)->value,
                    broadcast([&](long i) { return at(x, i) * at(c, i % 3); }), tolerance));
  EXPECT_TRUE(close((x + scale_channels(ones(), nc))->value,
                    broadcast([&](long i) { return at(x, i) + at(nc, image(i)); }), tolerance));
  backward(sum(x + scale_channels(ones(), nc)));
  EXPECT_TRUE(close(nc->grad, full({2, 3}, 16), tolerance));
  backward(sum(scale_channels(ones(), c)));
  EXPECT_TRUE(close(c->grad, full({3}, 32), tolerance));
}

TEST(Ops, AsOperatorsAreTheSameAsByName) {
  Rng rng(0);
  const Var a = normal({2, 3}, rng), b = normal({2, 3}, rng);
  EXPECT_TRUE(same_bits((a + b)->value, add(a, b)->value));
  EXPECT_TRUE(same_bits((a - b)->value, sub(a, b)->value));
  EXPECT_TRUE(same_bits((a * b)->value, mul(a, b)->value));
  EXPECT_TRUE(same_bits((a / b)->value, div(a, b)->value));
  EXPECT_TRUE(same_bits((-a)->value, scale(a, -1)->value));
  EXPECT_TRUE(same_bits((a / 4)->value, scale(a, real(0.25))->value));
  EXPECT_TRUE(same_bits((3 * a)->value, scale(a, 3)->value));
  EXPECT_TRUE(same_bits((a * real(0.5) + b)->value, add(scale(a, real(0.5)), b)->value));
}

// Also if one tensor is passed to an operation twice, or to two operations.
TEST(Ops, GiveEachGradientItsOwnMemory) {
  for (Var (*op)(const Var&, const Var&) : {add, sub, mul}) {
    const Var a = parameter(Tensor({2}, {3, 5})), b = parameter(Tensor({2}, {2, 7}));
    backward(op(a, b), full({2}, 1));
    EXPECT_NE(a->grad.data(), b->grad.data());
  }
  const Var x = parameter(Tensor({2}, {3, 5}));
  backward(add(mul(x, x), sub(x, scale(x, 4))), full({2}, 1));  // x^2 - 3 x
  EXPECT_TRUE(same_bits(x->grad, Tensor({2}, {3, 7})));
}

}  // namespace
}  // namespace excite
