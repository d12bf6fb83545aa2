// The losses of losses.cpp against their definitions, with infinite logits, and their errors.
#include <functional>

#include "autograd/ops.h"
#include "core/random.h"
#include "core/shared_batch.h"
#include "tests/support/compare.h"
#include "tests/support/thread_ranks.h"

namespace excite {
namespace {

constexpr double tolerance = in_double_build ? 1e-12 : 1e-5;
constexpr real infinity = std::numeric_limits<real>::infinity();

double number(const Var& y) { return static_cast<double>(y->value.item()); }
double at(const Tensor& t, long i) { return static_cast<double>(t[i]); }

TEST(CrossEntropy, IsTheMeanNegativeLogLikelihood) {
  const Var logits = Tensor({2, 3}, {1, 2, 3, 0, 0, 0});
  const double first = std::log(std::exp(1) + std::exp(2) + std::exp(3)), second = std::log(3);
  EXPECT_NEAR(number(cross_entropy(logits, {0, 2})), (first - 1 + second) / 2, 1e-6);
  // smoothing 0.3: a tenth for every class, and 0.7 more for the label
  EXPECT_NEAR(number(cross_entropy(logits, {0, 2}, real(0.3))),
              (first - (0.7 * 1 + 0.1 * (1 + 2 + 3)) + second) / 2, 1e-6);
  EXPECT_NEAR(number(cross_entropy(logits, Tensor({2, 3}, {real(0.5), real(0.5), 0, 0, 0, 1}))),
              (first - 1.5 + second) / 2, 1e-6);
}

// Plain loops in double: the loss, and its gradient for the logits x [N, classes]. t[n, i] is
// w_i ((1 - smoothing) one-hot + smoothing / classes), and the sum is divided by that of w[label].
struct Weighted {
  double loss = 0;
  std::vector<double> dx;
};
Weighted define_weighted(const Tensor& x, const std::vector<int>& labels, const Tensor& w,
                         double smoothing) {
  const long classes = x.dim(1);
  double total = 0;
  for (const int label : labels) total += at(w, label);
  Weighted d;
  for (long n = 0; n < x.dim(0); n++) {
    double sum_exp = 0, sum_t = 0;
    for (long i = 0; i < classes; i++) sum_exp += std::exp(at(x, n * classes + i));
    const auto target = [&](long i) {
      return at(w, i) *
             ((i == labels[n] ? 1 - smoothing : 0) + smoothing / static_cast<double>(classes));
    };
    for (long i = 0; i < classes; i++) sum_t += target(i);
    for (long i = 0; i < classes; i++) {
      const double v = at(x, n * classes + i);
      d.loss -= target(i) * (v - std::log(sum_exp)) / total;
      d.dx.push_back((std::exp(v) / sum_exp * sum_t - target(i)) / total);
    }
  }
  return d;
}

TEST(CrossEntropy, WithClassWeightsMatchesItsDefinition) {
  Rng rng(0);
  const std::vector<int> labels{0, 2, 1, 2, 4, 0};
  const Tensor w({5}, {1, real(0.25), 3, 0, 2});
  for (const double smoothing : {0.0, 0.1, 1.0}) {
    const Var x = parameter(normal({6, 5}, rng, 0, 2));
    const Weighted d = define_weighted(x->value, labels, w, smoothing);
    const Var loss = cross_entropy(x, labels, w, static_cast<real>(smoothing));
    EXPECT_NEAR(number(loss), d.loss, tolerance * d.loss) << smoothing;
    backward(loss);
    EXPECT_TRUE(close(x->grad, tensor_of({6, 5}, d.dx), tolerance)) << smoothing;
  }
}

TEST(CrossEntropy, WithEqualClassWeightsIsTheUnweightedOne) {
  Rng rng(0);
  const Var x = normal({4, 3}, rng);
  const double plain = number(cross_entropy(x, {0, 2, 1, 1}, real(0.2)));
  EXPECT_NEAR(number(cross_entropy(x, {0, 2, 1, 1}, full({3}, 7), real(0.2))), plain,
              tolerance * plain);
}

// Images with the label of a class of weight 0 change nothing.
TEST(CrossEntropy, IgnoresImagesOfWeightZero) {
  Rng rng(0);
  const Tensor x = normal({2, 3}, rng);
  const Var first = Tensor({1, 3}, {x[0], x[1], x[2]}), both = parameter(x.clone());
  const Var loss = cross_entropy(both, {1, 0}, Tensor({3}, {0, 2, 5}));
  EXPECT_NEAR(number(loss), number(cross_entropy(first, {1})), tolerance);
  backward(loss);
  for (long i = 3; i < 6; i++) EXPECT_EQ(both->grad[i], 0);
}

// A class whose logit is minus infinity is ruled out: as if it did not exist.
TEST(CrossEntropy, AllowsTheLogitMinusInfinityWhereTheTargetIsZero) {
  const Tensor with({2, 4}, {1, -infinity, 3, 2, 0, 4, -1, -infinity}),
      without({2, 3}, {1, 3, 2, 0, 4, -1});
  using Loss = std::function<Var(const Var&)>;
  struct Variant {
    const char* name;
    Loss with, without;
  };
  const std::vector<Variant> variants{
      {"labels",
       [](const Var& x) {
         return cross_entropy(x, {2, 1});
       },
       [](const Var& x) {
         return cross_entropy(x, {1, 1});
       }},
      {"class weights",
       [](const Var& x) {
         return cross_entropy(x, {2, 1}, Tensor({4}, {1, 1, 1, 1}));
       },
       [](const Var& x) {
         return cross_entropy(x, {1, 1}, Tensor({3}, {1, 1, 1}));
       }},
      {"probabilities",
       [](const Var& x) {
         return cross_entropy(x, Tensor({2, 4}, {real(0.25), 0, real(0.75), 0, 0, 1, 0, 0}));
       },
       [](const Var& x) {
         return cross_entropy(x, Tensor({2, 3}, {real(0.25), real(0.75), 0, 0, 1, 0}));
       }}};
  for (const Variant& v : variants) {
    const Var a = parameter(with.clone()), b = parameter(without.clone());
    const Var loss = v.with(a), expected = v.without(b);
    EXPECT_NEAR(number(loss), number(expected), tolerance) << v.name;
    backward(loss), backward(expected);
    const Tensor& g = b->grad;
    EXPECT_TRUE(
        close(a->grad, Tensor({2, 4}, {g[0], 0, g[1], g[2], g[3], g[4], g[5], 0}), tolerance))
        << v.name;
  }
}

// The weight of a class is a factor of its target, so 0 rules out the term.
TEST(CrossEntropy, AllowsTheLogitMinusInfinityOfAClassOfWeightZero) {
  const Var x = parameter(Tensor({1, 3}, {1, -infinity, 2}));
  const Var loss = cross_entropy(x, {0}, Tensor({3}, {1, 0, 1}), real(0.3));
  EXPECT_TRUE(std::isfinite(number(loss))) << number(loss);
  backward(loss);
  for (const real g : x->grad) EXPECT_TRUE(std::isfinite(g)) << x->grad;
}

TEST(CrossEntropy, IsInfiniteWhereATargetIsRuledOut) {
  const Var x = parameter(Tensor({1, 3}, {1, -infinity, 2}));
  EXPECT_EQ(cross_entropy(x, {1})->value.item(), infinity);
}

TEST(CrossEntropy, IsFiniteForHugeLogits) {
  const real huge = real(1e30);
  const Var x = parameter(Tensor({2, 3}, {huge, -huge, 0, -huge, -huge, -huge}));
  const Var loss = cross_entropy(x, {0, 2});
  EXPECT_NEAR(number(loss), std::log(3) / 2, 1e-6);
  backward(loss);
  const double sixth = 1.0 / 6;
  EXPECT_TRUE(close(x->grad, tensor_of({2, 3}, {0, 0, 0, sixth, sixth, -2 * sixth}), 1e-6));
}

TEST(CrossEntropy, ReportsInputsThatDoNotMatch) {
  const Var a = zeros({2, 3}), b = zeros({3, 2}), v3 = zeros({3});
  EXPECT_TRUE(fails_saying([&] { softmax(zeros({})); }, {"softmax", "[]"}));
  EXPECT_TRUE(fails_saying([&] { log_softmax(zeros({2, 0})); }, {"softmax", "[2, 0]"}));
  EXPECT_TRUE(
      fails_saying([&] { cross_entropy(a, {0}); }, {"cross_entropy", "[2, 3]", "1 labels"}));
  EXPECT_TRUE(fails_saying(
      [&] {
        cross_entropy(a, {0, 3});
      },
      {"cross_entropy", "label 1 is 3", "0 to 2"}));
  EXPECT_TRUE(fails_saying(
      [&] {
        cross_entropy(a, {0, 1}, 2);
      },
      {"cross_entropy", "smoothing 2", "0 to 1"}));
  EXPECT_TRUE(fails_saying(
      [&] {
        cross_entropy(a, {0, 1}, real(std::nan("")));
      },
      {"cross_entropy", "smoothing", "nan"}));
  EXPECT_TRUE(fails_saying(
      [&] {
        cross_entropy(v3, {0, 1, 2});
      },
      {"cross_entropy", "[3]", "[N, classes]"}));
  EXPECT_TRUE(
      fails_saying([&] { cross_entropy(a, b->value); }, {"cross_entropy", "[2, 3]", "[3, 2]"}));
  EXPECT_TRUE(fails_saying(
      [&] {
        cross_entropy(zeros({0, 3}), std::vector<int>{});
      },
      {"cross_entropy", "[0, 3]"}));
  const auto weighted = [&](const Tensor& w) { return cross_entropy(a, {0, 1}, w); };
  EXPECT_TRUE(fails_saying([&] { weighted(zeros({2})); },
                           {"cross_entropy", "[2, 3]", "class weights [2]", "expected [3]"}));
  EXPECT_TRUE(fails_saying(
      [&] {
        weighted(Tensor({3}, {1, real(-0.5), 1}));
      },
      {"cross_entropy", "weight of class 1 is -0.5", "at least 0"}));
  EXPECT_TRUE(fails_saying(
      [&] {
        weighted(Tensor({3}, {1, 1, infinity}));
      },
      {"weight of class 2 is inf"}));
  EXPECT_TRUE(fails_saying(
      [&] {
        weighted(Tensor({3}, {0, 0, 1}));
      },
      {"cross_entropy", "weights of all 2 labels are 0"}));
}

// The softmax of a single logit is 1, whatever the logit is.
TEST(CrossEntropy, RefusesASingleClass) {
  const std::vector<std::string> words = {"cross_entropy: logits of shape [2, 1] have 1 class",
                                          "expected at least 2", "use bce_with_logits"};
  const Var logits = zeros({2, 1});
  EXPECT_TRUE(fails_saying([&] { cross_entropy(logits, {0, 0}); }, words));
  EXPECT_TRUE(fails_saying([&] { cross_entropy(logits, {0, 0}, full({1}, 1)); }, words));
  EXPECT_TRUE(fails_saying([&] { cross_entropy(logits, full({2, 1}, 1)); }, words));
  EXPECT_TRUE(fails_saying([&] { cross_entropy(zeros({2, 0}), {0, 0}); }, {"have 0 classes"}));
}

TEST(MseLoss, IsTheMeanOfSquaredDifferences) {
  Rng rng(0);
  const Var x = parameter(normal({5, 40}, rng));
  const Tensor targets = normal({5, 40}, rng);
  double loss = 0;
  std::vector<double> dx;
  for (long i = 0; i < 200; i++) {
    const double d = at(x->value, i) - at(targets, i);
    loss += d * d / 200;
    dx.push_back(2 * d / 200);
  }
  const Var y = mse_loss(x, targets);
  EXPECT_NEAR(number(y), loss, tolerance * loss);
  backward(y);
  EXPECT_TRUE(close(x->grad, tensor_of({5, 40}, dx), tolerance));
}

TEST(BceWithLogits, IsTheMeanOfBinaryCrossEntropies) {
  Rng rng(0);
  const Var x = parameter(uniform({5, 40}, rng, -6, 6));
  const Tensor targets = uniform({5, 40}, rng);
  double loss = 0;
  std::vector<double> dx;
  for (long i = 0; i < 200; i++) {
    const double p = 1 / (1 + std::exp(-at(x->value, i))), t = at(targets, i);
    loss -= (t * std::log(p) + (1 - t) * std::log(1 - p)) / 200;
    dx.push_back((p - t) / 200);
  }
  const Var y = bce_with_logits(x, targets);
  EXPECT_NEAR(number(y), loss, tolerance * loss);
  backward(y);
  EXPECT_TRUE(close(x->grad, tensor_of({5, 40}, dx), tolerance));
}

// log(1 - sigmoid(1000)) would be minus infinity, and 0 times it not a number.
TEST(BceWithLogits, IsFiniteForHugeLogits) {
  const real huge = real(1e30);
  const Var x = parameter(Tensor({6}, {-1000, 1000, -1000, 1000, huge, -huge}));
  const Var y = bce_with_logits(x, Tensor({6}, {0, 1, 1, 0, 1, 0}));
  EXPECT_NEAR(number(y), 2000.0 / 6, 1e-3);
  backward(y);
  const double sixth = 1.0 / 6;
  EXPECT_TRUE(close(x->grad, tensor_of({6}, {0, 0, -sixth, sixth, 0, 0}), 1e-6));
}

TEST(BceWithLogits, AllowsInfiniteLogitsThatAreRight) {
  const Var x = parameter(Tensor({2}, {-infinity, infinity}));
  const Var y = bce_with_logits(x, Tensor({2}, {0, 1}));
  EXPECT_EQ(number(y), 0);
  backward(y);
  EXPECT_TRUE(close(x->grad, zeros({2}), 0));
}

TEST(Losses, ReportShapesThatDoNotMatch) {
  const Var a = zeros({2, 3});
  EXPECT_TRUE(fails_saying([&] { mse_loss(a, zeros({3, 2})); }, {"mse_loss", "[2, 3]", "[3, 2]"}));
  EXPECT_TRUE(fails_saying([&] { mse_loss(Tensor(), Tensor()); }, {"mse_loss", "[0]"}));
  EXPECT_TRUE(fails_saying([&] { bce_with_logits(a, zeros({2})); },
                           {"bce_with_logits", "[2, 3]", "targets [2]"}));
}

// ---- of a batch that ranks share ----

TEST(SharedBatch, LossesAndMeansAreThoseOfTheWholeBatch) {
  Rng rng(4);
  const Tensor x = uniform({18, 2}, rng), t = uniform({18, 2}, rng);
  const auto values = [](const Tensor& input, const Tensor& targets) {
    const Var v = input.clone();
    return std::vector<double>{number(mean(v)), number(mse_loss(v, targets)),
                               number(bce_with_logits(v, targets))};
  };
  const std::vector<double> expected = values(x, t);
  on_ranks(3, [&](Ranks& ranks) {
    const SharedBatch batch(ranks, 18);
    const auto own = [&](const Tensor& all) {
      Tensor part({batch.last_image() - batch.first_image(), 2});
      std::copy_n(all.begin() + 2 * batch.first_image(), part.size(), part.begin());
      return part;
    };
    EXPECT_EQ(values(own(x), own(t)), expected);
  });
}

}  // namespace
}  // namespace excite
