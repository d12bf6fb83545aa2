#include "models/ensemble.h"

#include <cmath>

#include "core/kernels/softmax.h"
#include "models/zoo/registry.h"
#include "tests/support/compare.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

constexpr double tolerance = in_double_build ? 1e-12 : 1e-5;

Tensor logits_of(std::vector<double> probabilities) {
  Tensor x({1, static_cast<long>(probabilities.size())});
  for (long i = 0; i < x.size(); i++)
    x[i] = static_cast<real>(std::log(probabilities[i]) + 7);  // adding a constant changes nothing
  return x;
}

std::vector<Tensor> both(Tensor a, Tensor b) {
  std::vector<Tensor> two;
  two.push_back(std::move(a));
  two.push_back(std::move(b));
  return two;
}

TEST(Ensemble, IsTheWeightedMeanOfProbabilities) {
  const auto two = [] { return both(logits_of({0.1, 0.6, 0.3}), logits_of({0.6, 0.1, 0.3})); };
  EXPECT_TRUE(close(softmax(log_mean_probability(two(), {1, 1})),
                    Tensor({1, 3}, {real(0.35), real(0.35), real(0.3)}), tolerance));
  EXPECT_TRUE(close(softmax(log_mean_probability(two(), {6, 2})),
                    Tensor({1, 3}, {real(0.225), real(0.475), real(0.3)}), tolerance));
}

TEST(Ensemble, OfOneModelReturnsItsLogitsUnchanged) {
  std::vector<Tensor> one;
  one.push_back(logits_of({0.1, 0.6, 0.3}));
  EXPECT_TRUE(same_bits(log_mean_probability(std::move(one), {5}), logits_of({0.1, 0.6, 0.3})));
}

TEST(Ensemble, StaysFiniteWhereProbabilitiesUnderflow) {
  std::vector<Tensor> two = both(Tensor({1, 2}, {0, 30000}), Tensor({1, 2}, {0, 20000}));
  EXPECT_TRUE(close(log_mean_probability(std::move(two), {1, 1}),
                    Tensor({1, 2}, {real(-20000 + std::log(0.5)), 0}), tolerance));
}

TEST(Ensemble, RejectsOtherShapesAndInvalidWeights) {
  const auto two = [] { return both(Tensor({1, 2}, {0, 1}), Tensor({1, 3}, {0, 1, 2})); };
  EXPECT_TRUE(fails_saying(
      [&] {
        log_mean_probability(two(), {1, 1});
      },
      {"ensemble: logits", "[1, 3]", "[1, 2]"}));
  EXPECT_TRUE(fails_saying([&] { log_mean_probability(two(), {1}); },
                           {"ensemble: 2 models and 1 weights"}));
  EXPECT_TRUE(fails_saying(
      [&] {
        log_mean_probability(two(), {0, 1});
      },
      {"ensemble: a model has weight 0", "above 0"}));
}

TEST(Ensemble, NamesTheFilesWhoseClassesDiffer) {
  const ScratchFolder folder;
  Rng rng(0);
  const Model model = make_model("resnet8", {}, 2, rng);
  const auto save = [&](const char* name, std::vector<std::string> classes) {
    save_tensors(folder / name, describe(model, {std::move(classes), {0, 0, 0}, {1, 1, 1}}),
                 state_of(model.module()));
    return folder / name;
  };
  const std::string a = save("a", {"cat", "dog"}), b = save("b", {"dog", "cat"}),
                    c = save("c", {"cat", "dog"});
  EXPECT_TRUE(fails_saying([&] { load_models({a, b}); }, {"ensemble: ", a, b, "another order"}));
  EXPECT_EQ(load_models({a, c}).size(), 2u);
}

}  // namespace
}  // namespace excite
