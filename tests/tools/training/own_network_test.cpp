// A network of one's own works in everything that takes a Model.
#include <type_traits>

#include "autograd/ops.h"
#include "layers/conv_bn.h"
#include "layers/linear.h"
#include "models/save.h"
#include "tests/support/compare.h"
#include "tests/support/scratch.h"
#include "tests/tools/training/short_runs.h"
#include "tools/training/classifier.h"

namespace excite {
namespace {

// Its blocks have fused and folded implementations. The table of rank 2 is no linear layer's.
struct OwnNet : Module {
  Conv2d conv1, conv2;
  BatchNorm2d bn1, bn2;
  Linear fc;
  Var table;
  OwnNet(long classes, Rng& rng)
      : conv1(own("conv1", Conv2d(3, 8, 3, rng, {.stride = 2, .pad = 1}))),
        conv2(own("conv2", Conv2d(8, 8, 3, rng, {.stride = 2, .pad = 1}))),
        bn1(own("bn1", BatchNorm2d(8))),
        bn2(own("bn2", BatchNorm2d(8))),
        fc(own("fc", Linear(8, classes, rng))),
        table(bias("table", full({1, 8}, real(0.5)))) {}
  Var operator()(const Var& x, Mode mode) const {
    const Var u = ConvNormRelu({conv2, bn2})(ConvNormRelu({conv1, bn1})(x, mode), mode);
    return fc(add_bias(global_avg_pool(u), reshape(table, {8})));
  }
};

Model own_model(long seed, long classes = 10) {
  Rng rng(seed);
  return as_model(OwnNet(classes, rng), {.name = "own_net", .classes = classes, .image_size = 32});
}

struct OwnNetwork : testing::Test {
  const ScratchFolder folder;
  const Dataset data = noisy_images(40);
  const Normalization normalization = compute_normalization(data);
  const Model model = own_model(1);
  Recipe recipe = [] {
    Recipe r = short_recipe(4);
    r.model = "own_net";
    r.lr = 0.05;
    r.image_size = 32;
    return r;
  }();
  Tensor images() const { return to_tensors(data, normalization).x; }
  Tensor expected() const { return model(images(), Mode::eval)->value.clone(); }
};
constexpr double tolerance = in_double_build ? 1e-11 : 1e-4;

TEST_F(OwnNetwork, IsTrainedAndEvaluated) {
  recipe.epochs = 20;
  TrainingStep step(recipe, model, data, normalization);
  const Inference infer(model);  // both made before the training
  const Ensemble ensemble({{model, normalization}});
  EXPECT_TRUE(close(infer(images()), expected(), tolerance));
  double first = 0, last = 0;
  const long epoch = step.steps_per_epoch(), steps = recipe.epochs * epoch;
  for (long i = 0; i < steps; i++) {
    const double loss = step(i).loss;
    if (i < epoch) first += loss;
    if (i >= steps - epoch) last += loss;
  }
  EXPECT_LT(last, first);
  EXPECT_TRUE(close(infer(images()), expected(), tolerance));
  Metrics metrics(10);
  metrics.add(expected(), data.labels);
  EXPECT_NEAR(measure_accuracy(ensemble, data, {16}).loss(), metrics.loss(), 1e-4);
}

// The same network as before the training would be a silent mistake.
TEST_F(OwnNetwork, IsEvaluatedWithTheWeightsOfNowAfterOneStep) {
  const Ensemble ensemble({{model, normalization}});
  const double before = measure_accuracy(ensemble, data).loss();
  TrainingStep step(recipe, model, data, normalization);
  step(1);  // step 0 has learning rate 0
  const double after = measure_accuracy(ensemble, data).loss();
  EXPECT_NE(after, before);
  EXPECT_NEAR(after, measure_accuracy(Ensemble({{model, normalization}}), data).loss(), 1e-12);
}

TEST_F(OwnNetwork, IsSavedLoadedAndClassifies) {
  const std::string path = folder / "own.safetensors";
  const Classifier in_memory({model, preprocessing_of(data, normalization)});
  const Tensor p = in_memory.probabilities({data.image(0), data.image(1)});
  EXPECT_EQ(in_memory.top(data.image(0), 1).front().name.substr(0, 6), "class ");
  save_model(model, preprocessing_of(data, normalization), path);

  TrainedModel loaded = load_model(own_model(2), path);
  EXPECT_TRUE(same_bits(loaded.model(images(), Mode::eval)->value, expected()));
  EXPECT_EQ(loaded.preprocessing.classes, data.classes);
  EXPECT_EQ(loaded.preprocessing.image_size, 32);
  const Classifier of_file(std::move(loaded), {.classes = std::vector<std::string>(10, "x")});
  EXPECT_TRUE(same_bits(of_file.probabilities({data.image(0), data.image(1)}), p));
  EXPECT_EQ(of_file.classes().front(), "x");

  Rng rng(3);
  const OwnNet net(10, rng);
  load(net, path);
  EXPECT_TRUE(same_bits(net(images(), Mode::eval)->value, expected()));
}

TEST_F(OwnNetwork, OfAFileNeedsTheNetworkInCode) {
  const std::string path = folder / "own.safetensors";
  save_model(model, preprocessing_of(data, normalization), path);
  EXPECT_TRUE(fails_saying<FileError>(
      [&] { Classifier{path}; },
      {path, "there is no model 'own_net'", "load_model(as_model(net, ...), path)"}));
  EXPECT_TRUE(fails_saying<FileError>([&] { load_model(own_model(1, 7), path); },
                                      {path, "has 10 classes, expected the 7 of own_net"}));
  save(model.module(), path);
  EXPECT_TRUE(fails_saying<FileError>([&] { load_model(own_model(1), path); },
                                      {path, "no preprocessing of images"}));
}

TEST_F(OwnNetwork, WithoutItsPreprocessingIsNoClassifier) {
  EXPECT_TRUE(fails_saying([&] { Classifier({model, {}}); }, {"own_net", "10 classes"}));
  Preprocessing known = preprocessing_of(data, normalization);
  known.deviation[1] = 0;
  EXPECT_TRUE(fails_saying(
      [&] {
        Classifier({model, known});
      },
      {"own_net: the deviation of its preprocessing is 0"}));
}

// The whole loop, with a log, checkpoints, and the same bits after an interruption.
TEST_F(OwnNetwork, RunsInTheTrainingLoopAndResumes) {
  const auto train = [&](const std::string& name, const std::function<int()>& stop) {
    const std::string path = folder / name;
    const bool exists = std::filesystem::exists(path);
    const RunFolder run = exists ? RunFolder::open(path) : RunFolder::create(path);
    Training training(recipe, own_model(1), small_data(), {.stop = stop});
    if (exists) training.resume_from(run.last());
    return training.run(run);
  };
  EXPECT_EQ(train("whole", never), 0);
  EXPECT_NE(train("stopped", stop_at(6)), 0);
  EXPECT_EQ(train("stopped", never), 0);
  expect_same_run(folder / "stopped", folder / "whole");

  const TrainedModel last = load_model(own_model(2), folder / "whole/last.safetensors");
  const Normalization& n = {last.preprocessing.mean, last.preprocessing.deviation};
  const double logged = read_log(folder / "whole/log.csv").back().test->loss;
  EXPECT_NEAR(measure_accuracy(Ensemble({{last.model, n}}), small_data().test).loss(), logged,
              1e-4);
  EXPECT_TRUE(fails_saying<UsageError>([&] { Training(recipe, own_model(1, 7), small_data()); },
                                       {"own_net has 7 classes, but the images have 10"}));
}

TEST(AsModel, TakesANetworkThatIsTheSameInBothModes) {
  struct Flat : Module {
    Linear fc;
    explicit Flat(Rng& rng) : fc(own("fc", Linear(12, 3, rng))) {}
    Var operator()(const Var& x) const { return fc(reshape(x, {x.shape()[0], 12})); }
  };
  Rng rng(0);
  Flat net(rng);
  const Var w = net.fc.w;
  const Model model = as_model(
      std::move(net), {.name = "flat", .classes = 3, .image_size = 2, .options = {{"a", "b"}}});
  EXPECT_EQ(model.module().parameters().front(), w) << "an optimizer made before goes on";
  EXPECT_EQ(model.options.at("a"), "b");
  EXPECT_EQ(infer(model, zeros({5, 2, 2, 3})).shape(), Shape({5, 3}));
}

TEST(AsModel, ChecksTheShapeOfTheLogits) {
  struct Images : Module {
    Var operator()(const Var& x, Mode) const { return x; }
  };
  const Model model = as_model(Images(), {.name = "images", .classes = 3, .image_size = 2});
  EXPECT_TRUE(fails_saying(
      [&] {
        model(zeros({5, 2, 2, 3}), Mode::eval);
      },
      {"images: the output has shape [5, 2, 2, 3], expected [5, 3]"}));
  EXPECT_TRUE(fails_saying([&] { infer(model, zeros({5, 2, 2, 3})); }, {"expected [1, 3]"}));
}

TEST(PreprocessingOf, ADataSetInMemoryKeepsItsSize) {
  const Dataset data = noisy_images(20, 4);
  EXPECT_EQ(data.class_count(), 4);
  const Normalization n = compute_normalization(data);
  const Preprocessing whole = preprocessing_of(data, n),
                      cropped = preprocessing_of(data, n, {24, 28});
  EXPECT_EQ(whole.classes, data.classes);
  EXPECT_EQ(whole.mean, n.mean);
  EXPECT_EQ(whole.deviation, n.deviation);
  EXPECT_EQ(std::pair(whole.image_size, whole.short_side), std::pair(32l, 32l));
  EXPECT_EQ(std::pair(cropped.image_size, cropped.short_side), std::pair(24l, 28l));
}

}  // namespace
}  // namespace excite
