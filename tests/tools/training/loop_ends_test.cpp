// What the training loop does at the end of an epoch and of a run: which weights are the best, and
// what a step that made a number NaN leaves behind.
#include <limits>
#include <map>
#include <set>

#include "autograd/ops.h"
#include "layers/linear.h"
#include "tests/tools/training/short_runs.h"

namespace excite {
namespace {

// Stops as the next epoch begins: stop is asked before each step and after each batch of the
// evaluation.
const auto after_epoch = [] { return stop_at(steps_per_epoch + evaluation_batches + 1); };

// A rate so small that the accuracy soon stays the same.
TEST(Training, TheBestWeightsAreThoseOfTheFirstEpochWithTheHighestAccuracy) {
  const ScratchFolder folder;
  const std::string path = folder / "run";
  Recipe recipe = short_recipe(6);
  recipe.lr = 1e-6;
  double best_accuracy = -1;
  std::string best;
  long equal = 0;
  for (long epoch = 1; epoch <= recipe.epochs; epoch++) {
    train_in(path, recipe, epoch < recipe.epochs ? after_epoch() : never);
    const std::vector<EpochRow> log = read_log(path + "/log.csv");
    ASSERT_EQ(std::ssize(log), epoch);
    const double accuracy = log.back().validation->accuracy;
    const std::string now = get(path + "/best.safetensors");
    equal += accuracy == best_accuracy;
    EXPECT_EQ(now != best, accuracy > best_accuracy) << "epoch " << epoch << ": " << accuracy;
    best_accuracy = std::max(best_accuracy, accuracy);
    best = now;
  }
  EXPECT_GT(equal, 0) << "no epoch is as good as the best one before it";
}

// ---- a step after which something is NaN ----

struct Damage {
  bool optimizer;  // its state, or else a weight
  long step;       // by the step of this number
};

// Trains, and damages what the step has computed.
void train_with_damage(const std::string& path, const Damage& damage,
                       const std::function<int()>& stop) {
  const RunFolder folder =
      std::filesystem::exists(path) ? RunFolder::open(path) : RunFolder::create(path);
  Training training(short_recipe(3), small_data(), {.stop = stop});
  if (std::filesystem::exists(folder.last())) training.resume_from(folder.last());
  training.set_step_function([&](TrainingStep& step, long number, const PrintLine&) {
    const StepResult result = step(number);
    if (number == damage.step) {
      const NamedTensors all =
          damage.optimizer ? state(step.optimizer()) : state_of(training.model().module());
      all.front().second->data()[0] = std::numeric_limits<real>::quiet_NaN();
    }
    return result;
  });
  training.run(folder);
}

// The files that count.
std::map<std::string, std::string> files_of(const std::string& path) {
  std::map<std::string, std::string> files;
  for (const char* name : {"last.safetensors", "best.safetensors", "log.csv"})
    files[name] = get(path + "/" + name);
  return files;
}

// The first epoch is saved. In the second one, the number becomes NaN.
void expect_diverged_and_unchanged(const Damage& damage, const std::function<int()>& stop,
                                   const std::vector<std::string>& words) {
  const ScratchFolder folder;
  const std::string path = folder / "run";
  train_in(path, short_recipe(3), after_epoch());
  const auto before = files_of(path);
  EXPECT_TRUE(fails_saying<Diverged>([&] { train_with_damage(path, damage, stop); }, words));
  EXPECT_TRUE(files_of(path) == before) << words[0];
  EXPECT_EQ(train_in(path, short_recipe(3), never), 0) << "resumes from the last good state";
}

TEST(Training, AStepThatMadeANumberNaNIsNotSavedIfTheRunIsStoppedAfterIt) {
  for (const bool optimizer : {false, true})
    expect_diverged_and_unchanged({optimizer, steps_per_epoch}, stop_at(2),
                                  {"diverged in epoch 2, step 1 of 2", "is not finite"});
}

TEST(Training, ANumberThatBecameNaNInTheLastStepOfAnEpochIsNotSaved) {
  expect_diverged_and_unchanged(
      {false, 2 * steps_per_epoch - 1}, never,
      {"diverged in epoch 2, after step 2 of 2", "the validation loss is"});
  // The evaluation does not read the optimizer's state.
  expect_diverged_and_unchanged({true, 2 * steps_per_epoch - 1}, never,
                                {"diverged in epoch 2, step 2 of 2", "is not finite"});
}

// ---- what a step reads ----

// A part of an epoch is rounded to the nearest number of steps: of 2 steps an epoch, 0.7 epochs are
// 1.4 steps, 0.8 are 1.6, and 1.25 are 2.5.
TEST(TrainingStep, RoundsAWarmUpToWholeSteps) {
  const Dataset data = noisy_images(8 * steps_per_epoch + 2);
  const Normalization normalization = compute_normalization(data);
  for (const auto& [warmup, steps] :
       std::map<double, long>{{0, 0}, {0.2, 0}, {0.3, 1}, {0.7, 1}, {0.8, 2}, {1.25, 3}, {2, 4}}) {
    Recipe recipe = short_recipe(4);
    recipe.schedule = "constant";
    recipe.lr = 1, recipe.warmup = warmup;
    Rng rng(0);
    const TrainingStep step(recipe, make_model(recipe.model, recipe.options, 10, rng), data,
                            normalization);
    ASSERT_EQ(step.steps_per_epoch(), steps_per_epoch);
    for (long i = 0; i < 5; i++)
      EXPECT_DOUBLE_EQ(step.learning_rate(i),
                       i < steps ? static_cast<double>(i) / static_cast<double>(steps) : 1)
          << warmup << ", step " << i;
  }
}

// A network that keeps the images that it is given in training.
struct Recorder : Module {
  Linear fc;
  std::vector<Tensor>* seen;
  Recorder(std::vector<Tensor>& to, Rng& rng) : fc(own("fc", Linear(3, 10, rng))), seen(&to) {}
  Var operator()(const Var& x, Mode mode) const {
    if (mode == Mode::train) seen->push_back(x->value.clone());
    return fc(global_avg_pool(x));
  }
};

// All images of the set are the same one, so two batches differ in its transforms alone. A batch is
// a whole epoch; its order does not count.
TEST(TrainingStep, TransformsTheSameImagesAnewInEachEpoch) {
  Dataset data = noisy_images(1);
  const std::vector<std::uint8_t> image = data.pixels;
  for (int i = 1; i < 8; i++) {
    data.labels.push_back(i);
    data.pixels.insert(data.pixels.end(), image.begin(), image.end());
  }
  for (const char* augment : {"crop", "resized-crop"}) {
    Recipe recipe = short_recipe(4);
    recipe.model = "recorder", recipe.image_size = 32, recipe.augment = augment;
    std::vector<Tensor> seen;
    Rng rng(0);
    const Model model =
        as_model(Recorder(seen, rng), {.name = "recorder", .classes = 10, .image_size = 32});
    TrainingStep step(recipe, model, data, compute_normalization(data));
    ASSERT_EQ(step.steps_per_epoch(), 1);
    std::vector<std::multiset<std::vector<real>>> epochs;
    for (long epoch = 0; epoch < 4; epoch++) {
      seen.clear();
      step(epoch);
      ASSERT_EQ(seen.size(), 1u);
      const long size = seen[0].size() / 8;
      epochs.emplace_back();
      for (const real* x = seen[0].begin(); x < seen[0].end(); x += size)
        epochs.back().emplace(x, x + size);
    }
    for (std::size_t a = 0; a < epochs.size(); a++)
      for (std::size_t b = 0; b < a; b++)
        EXPECT_FALSE(epochs[a] == epochs[b]) << augment << ": epochs " << a << " and " << b;
  }
}

}  // namespace
}  // namespace excite
