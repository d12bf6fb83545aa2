#include "tools/training/classifier.h"

#include <limits>
#include <thread>
#include <utility>

#include "core/kernels/softmax.h"
#include "core/parallel.h"
#include "models/interop/dialects.h"
#include "models/save.h"
#include "models/zoo/registry.h"
#include "tests/support/compare.h"
#include "tests/support/image_folder.h"
#include "tests/support/nan_weights.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

struct WeightsFile : testing::Test {
  ScratchFolder folder;
  const std::string weights = folder / "best.safetensors";
  const Preprocessing preprocessing{{"ant", "bee", "cat"}, {0.4, 0.5, 0.6}, {0.2, 0.25, 0.3}};
  Model model = [] {
    Rng rng(5);
    return make_model("se_resnet8", {}, 3, rng);
  }();
  WeightsFile() { save_tensors(weights, describe(model, preprocessing), state_of(model.module())); }

  // By the definition: normalized pixels, the model in evaluation, softmax.
  Tensor expected(const Image& image) const {
    Tensor x({1, 32, 32, 3});
    for (long i = 0; i < x.size(); i++)
      x[i] = static_cast<real>((image.pixels[i] / 255.0 - preprocessing.mean[i % 3]) /
                               preprocessing.deviation[i % 3]);
    return softmax(model(std::move(x), Mode::eval)->value);
  }
};
using ClassifierTest = WeightsFile;

void expect_same(const std::vector<Prediction>& a, const std::vector<Prediction>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); i++) {
    EXPECT_EQ(a[i].name, b[i].name);
    EXPECT_EQ(a[i].probability, b[i].probability);
  }
}

TEST_F(ClassifierTest, GivesTheMostProbableClassesOfAnImage) {
  const Image image = noise_image(32, 32, 1);
  write_png(folder / "a.png", image);
  const Classifier classifier(weights);
  EXPECT_EQ(classifier.classes(), preprocessing.classes);
  const Tensor p = expected(image);
  double before = 1, sum = 0;
  for (const auto& [name, probability] : classifier.top(folder / "a.png", 5)) {
    const auto label = std::find(preprocessing.classes.begin(), preprocessing.classes.end(), name) -
                       preprocessing.classes.begin();
    EXPECT_NEAR(probability, static_cast<double>(p[label]), 1e-5);
    EXPECT_LE(probability, before);
    before = probability, sum += probability;
  }
  EXPECT_NEAR(sum, 1, 1e-5);
  EXPECT_EQ(classifier.top(folder / "a.png", 1).size(), 1u);
}

TEST_F(ClassifierTest, GivesTheSameForAFileForPixelsAndForABatch) {
  const Image image = noise_image(50, 40, 1), other = noise_image(32, 33, 2);
  write_png(folder / "a.png", image);
  const Classifier classifier(weights);
  const std::vector<Prediction> of_file = classifier.top(folder / "a.png", 3);
  expect_same(classifier.top(image, 3), of_file);
  expect_same(classifier.top(image.pixels, 50, 40, 3), of_file);
  const auto of_batch = classifier.top(std::vector<Image>{other, image}, 3);
  ASSERT_EQ(of_batch.size(), 2u);
  expect_same(of_batch[1], of_file);
  expect_same(of_batch[0], classifier.top(other, 3));
  EXPECT_EQ(classifier.probabilities({other, image}).shape(), Shape({2, 3}));
}

TEST_F(ClassifierTest, CanBeMoved) {
  Classifier made(weights);
  const Image image = noise_image(32, 32, 1);
  const std::vector<Prediction> before = made.top(image, 3);
  const Classifier moved = std::move(made);
  expect_same(moved.top(image, 3), before);
}

// As evaluate --crops 10 and --labels do.
TEST_F(ClassifierTest, TakesCropsAndClassNames) {
  const Image image = noise_image(32, 32, 1);
  const Classifier one(weights), ten(weights, {.crops = Crops::ten, .classes = {"x", "y", "z"}});
  EXPECT_EQ(ten.classes(), (std::vector<std::string>{"x", "y", "z"}));
  const Tensor center = one.probabilities({image}), mean = ten.probabilities({image});
  EXPECT_FALSE(same_bits(mean, center));
  const Image flipped = [&] {
    Image mirror = image;
    for (std::size_t i = 0; i < image.pixels.size(); i++)
      mirror.pixels[i] = image.pixels[i / 96 * 96 + (31 - i / 3 % 32) * 3 + i % 3];
    return mirror;
  }();
  // All ten crops of an image of the model's size are the image itself or its mirror image.
  const Tensor other = one.probabilities({flipped});
  for (long i = 0; i < 3; i++)
    EXPECT_NEAR(static_cast<double>(mean[i]), static_cast<double>(center[i] + other[i]) / 2, 1e-5);
  EXPECT_TRUE(fails_saying(
      [&] {
        Classifier(weights, {.classes = {"x", "y"}});
      },
      {weights, "has 3 classes, but 2 names"}));
}

// Without metadata: the model is recognized, and the classes are numbered.
TEST_F(ClassifierTest, ReadsFilesOfOtherPrograms) {
  save(model.module(), folder / "bare.safetensors");
  const Classifier classifier(folder / "bare.safetensors", {.model = {"se_resnet8", {}}});
  EXPECT_EQ(classifier.classes(), (std::vector<std::string>{"class 0", "class 1", "class 2"}));
  Rng rng(0);
  const Model resnet = make_model("se_resnet20", {}, 10, rng);
  save_tensors(folder / "theirs.safetensors", {}, state_of(resnet.module()),
               detect_dialect({"layer1.0.se.fc.0.weight"}));
  EXPECT_EQ(Classifier(folder / "theirs.safetensors").top(noise_image(9, 8, 1), 20).size(), 10u);
}

TEST_F(ClassifierTest, RefusesWrongArguments) {
  const Classifier classifier(weights);
  const Image image = noise_image(4, 5, 1);
  const auto fails = [&](const std::function<void()>& f, const std::string& saying) {
    return fails_saying(f, {saying});
  };
  EXPECT_TRUE(fails([&] { classifier.top(image, 0); }, "the 0 most probable classes"));
  EXPECT_TRUE(fails([&] { classifier.top(image.pixels, 4, 6, 1); }, "Classifier"));
  EXPECT_TRUE(fails([&] { classifier.top(image.pixels, 4, 6, 1); }, "72"));
  EXPECT_TRUE(fails([&] { classifier.top(std::vector<Image>{}, 1); }, "no images"));
  EXPECT_TRUE(
      fails_saying<FileError>([&] { classifier.top(folder / "absent.png", 1); }, {"absent.png"}));
  EXPECT_TRUE(fails_saying<FileError>([&] { Classifier(folder / "absent.safetensors"); },
                                      {"absent.safetensors"}));
}

TEST_F(ClassifierTest, RefusesWeightsThatAreNaN) {
  put_nan(weights, "fc.bias", 1);
  EXPECT_TRUE(fails_saying<Diverged>([&] { Classifier{weights}; }, {"fc.bias", "not finite"}));
}

TEST_F(ClassifierTest, MayBeUsedByManyThreadsAtOnce) {
  const int before = threads();
  set_threads(3);
  const Classifier classifier(weights);
  std::vector<std::vector<Prediction>> alone, together(16);
  for (long i = 0; i < 4; i++) alone.push_back(Classifier(weights).top(noise_image(40, 50, i), 3));
  std::vector<std::thread> callers;
  for (long t = 0; t < 4; t++)
    callers.emplace_back([&, t] {
      for (long i = 0; i < 4; i++)
        together[4 * t + i] = classifier.top(noise_image(40, 50, (i + t) % 4), 3);
    });
  for (std::thread& caller : callers) caller.join();
  for (long t = 0; t < 4; t++)
    for (long i = 0; i < 4; i++) expect_same(together[4 * t + i], alone[(i + t) % 4]);
  set_threads(before);
}

TEST(TopPredictions, AreSortedAndTheFirstOfEqualOnesComesFirst) {
  const std::vector<std::string> names{"a", "b", "c", "d"};
  const std::vector<real> p{real(0.25), real(0.125), real(0.375), real(0.25)};
  std::string all;
  for (const auto& [name, probability] : top_predictions(p, names, 3)) all += name;
  EXPECT_EQ(all, "cad");
  EXPECT_EQ(top_predictions(p, names, 9).size(), 4u);
  EXPECT_TRUE(
      fails_saying([&] { top_predictions(p, {"a"}, 1); }, {"4 probabilities for 1 classes"}));
}

TEST(TopPredictions, NaNComesLast) {
  const real nan = std::numeric_limits<real>::quiet_NaN();
  std::string all;
  for (const auto& [name, probability] : top_predictions(
           std::vector<real>{nan, real(0.25), nan, real(0.5), 0}, {"a", "b", "c", "d", "e"}, 5))
    all += name;
  EXPECT_EQ(all, "dbeac");
}

}  // namespace
}  // namespace excite
