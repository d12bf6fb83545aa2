// Training on several ranks: every file of the run is that of one process, byte for byte.
#include "autograd/ops.h"
#include "core/shared_batch.h"
#include "tests/support/compare.h"
#include "tests/support/errors.h"
#include "tests/support/image_folder.h"
#include "tests/tools/training/runs_on_ranks.h"
#include "tools/data/folder.h"

namespace excite {
namespace {

struct Case {
  const char* name;
  std::function<void(Recipe&)> change;
};
struct SharedBatches : testing::TestWithParam<Case> {};

TEST_P(SharedBatches, TrainToTheSameBytesOnAnyNumberOfRanks) {
  const ScratchFolder folder;
  Recipe recipe = short_recipe(1);
  recipe.batch = 16;
  GetParam().change(recipe);
  const DataSplit data{noisy_images(2 * recipe.batch * recipe.accumulate + 2),
                       noisy_images(12, 10, 1), noisy_images(7, 10, 2)};
  train_in(folder / "one", recipe, never, data);
  for (const long count : {3, 8}) {
    const std::string path = folder / text("ranks-", count);
    train_on_ranks(path, recipe, count, never, data);
    expect_same_run(path, folder / "one");
  }
}

// Networks of other families; small_vgg has dropout, small_shake random mixtures.
std::function<void(Recipe&)> of_model(const char* name) {
  return [=](Recipe& r) { r.model = name, r.lr = 0.01; };
}
INSTANTIATE_TEST_SUITE_P(Models, SharedBatches,
                         testing::Values(Case{"dropout", of_model("se_small_vgg")},
                                         Case{"shake_shake", of_model("se_small_shake")},
                                         Case{"shake_shake_bottleneck",
                                              of_model("small_shake_bottleneck")},
                                         Case{"preact", of_model("se_small_preact")},
                                         Case{"bottleneck", of_model("se_small_bottleneck")},
                                         Case{"mobilenet", of_model("se_small_mobilenet")},
                                         Case{"shufflenet", of_model("se_small_shufflenet")}),
                         [](const auto& test) { return std::string(test.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Training, SharedBatches,
    testing::Values(
        Case{"fused", [](Recipe&) {}}, Case{"plain", [](Recipe& r) { r.plain = true; }},
        Case{"blas", [](Recipe& r) { r.conv = "blas"; }},
        Case{"without_squeeze",
             [](Recipe& r) {
               r.options = {{"squeeze", "none"}, {"se_fc", "1x1"}};
             }},
        Case{"batch_of_34", [](Recipe& r) { r.batch = 34; }},
        Case{"ema_and_mixup", [](Recipe& r) { r.ema = 0.9, r.mixup = 0.5; }},
        Case{"cutmix_and_smoothing", [](Recipe& r) { r.cutmix = 1, r.label_smoothing = 0.1; }},
        Case{"class_weights", [](Recipe& r) { r.class_weights = "auto"; }},
        Case{"accumulate_and_clip", [](Recipe& r) { r.accumulate = 2, r.clip = 1; }},
        Case{"balanced_adamw", [](Recipe& r) { r.sampler = "balanced", r.optimizer = "adamw"; }},
        Case{"patience", [](Recipe& r) { r.epochs = 3, r.patience = 1, r.min_delta = 1; }}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(SharedBatches, ResumeOnAnotherNumberOfRanks) {
  const ScratchFolder folder;
  const Recipe recipe = short_recipe(2);
  train_in(folder / "one", recipe, never);
  const std::string run = folder / "run";
  EXPECT_EQ(train_on_ranks(run, recipe, 3, stop_at(2)), 128 + SIGINT);
  EXPECT_EQ(train_in(run, recipe, stop_at(2)), 128 + SIGINT);
  EXPECT_EQ(train_on_ranks(run, recipe, 8), 0);
  expect_same_run(run, folder / "one");
}

// The sentence of a run that diverges, without the shape of what is not finite: a rank prints that
// of its own images.
std::string sentence_of(const std::function<void()>& diverge) {
  try {
    diverge();
  } catch (const Diverged& error) {
    const std::string words = error.what();
    return words.substr(0, words.find(" ["));
  }
  return "did not diverge";
}

TEST(SharedBatches, DivergeOnAllRanksWithTheSameSentence) {
  const ScratchFolder folder;
  Recipe recipe = short_recipe(3);
  recipe.lr = 1e30;
  const std::string expected = sentence_of([&] { train_in(folder / "one", recipe, never); });
  expect_contains(expected, "diverged in epoch");
  on_ranks(3, [&](Ranks& ranks) {
    Training training(recipe, small_data());
    training.share_batches(ranks);
    EXPECT_EQ(sentence_of([&] { training.run_without_folder(); }), expected);
  });
}

TEST(SharedBatches, NeedAShardForEachRank) {
  const Recipe recipe = short_recipe(1);
  on_ranks(9, [&](Ranks& ranks) {
    Training training(recipe, small_data());
    EXPECT_TRUE(fails_saying([&] { training.share_batches(ranks); },
                             {"batch of 8 images", "8 shards", "9 ranks"}));
  });
}

// A file that cannot be decoded makes the batch smaller, and its shards others. If fewer shards
// than ranks are left, each rank computes the whole batch.
TEST(SharedBatches, ShrinkAsInOneProcess) {
  const ScratchFolder folder;
  const std::string data = folder / "data";
  const auto file = [&](const char* part, long i) {
    return data + text("/", part, "/class ", i % 2, "/", 100 + i, ".png");
  };
  for (long i = 0; i < 24; i++) put_image(file("train", i), noise_image(8, 8, i));
  for (long i = 0; i < 4; i++) put_image(file("test", i), noise_image(8, 8, i));
  Recipe recipe = short_recipe(1);
  recipe.batch = 8, recipe.image_size = 8, recipe.augment = "none", recipe.validation = 0;
  const DataSplit split = load_folder(data, OnBadImage::skip);
  recipe.mean = {0.5, 0.5, 0.5}, recipe.deviation = {0.25, 0.25, 0.25};  // reads no file
  const std::vector<long> order = epoch_order(24, recipe.seed, 0);
  for (const long place : {2, 8, 9, 10, 12, 13, 15}) {  // the batches keep 7, 2 and 8 images
    std::string bytes = get(split.train.files[order[place]]);
    bytes[bytes.size() - 20] ^= 1;
    put(split.train.files[order[place]], bytes);
  }
  train_in(folder / "one", recipe, never, split);
  for (const long count : {2, 3, 7}) {
    const std::string path = folder / text("ranks-", count);
    train_on_ranks(path, recipe, count, never, split);
    EXPECT_TRUE(get(path + "/last.safetensors") == get(folder / "one/last.safetensors")) << count;
    EXPECT_EQ(log_without_time(path + "/log.csv"), log_without_time(folder / "one/log.csv"));
  }
}

// The gradients of the second batch are exchanged together, as those of the first one.
TEST(SharedBatches, AccumulatedBatchesNeedAsManyCallsEach) {
  const DataSplit data = small_data();
  on_ranks(2, [&](Ranks& ranks) {
    std::vector<long> calls;
    for (const long parts : {1l, 2l}) {
      Recipe recipe = short_recipe(1);
      recipe.accumulate = parts;
      const Model model = make_model(recipe, data.train.class_count());
      TrainingStep step(recipe, model, data.train, {{0.5, 0.5, 0.5}, {1, 1, 1}});
      step.share_batches(ranks);
      const long before = ranks.traffic().calls;
      step(0);
      calls.push_back(ranks.traffic().calls - before);
    }
    EXPECT_EQ(calls[1], 2 * calls[0]);
  });
}

// w is used by two operations, one of which has it as 2 w. So its gradients are added, and that of
// 2 w is read, while sums of gradients wait.
Tensor gradient_of_two_uses(const Tensor& x) {
  Rng rng(1);
  const Var w = parameter(normal({5, 3}, rng)), in(x.clone());
  backward(sum(matmul(in, w) * matmul(in, scale(w, 2))));
  return w->grad.clone();
}
TEST(SharedBatches, AWeightThatIsUsedTwiceGetsBothGradients) {
  Rng rng(2);
  const Tensor x = normal({16, 5}, rng), expected = gradient_of_two_uses(x);
  on_ranks(2, [&](Ranks& ranks) {
    const SharedBatch batch(ranks, 16);
    CollectedSums sums;
    Tensor own({batch.last_image() - batch.first_image(), 5});
    std::copy_n(x.data() + batch.first_image() * 5, own.size(), own.data());
    EXPECT_TRUE(same_bits(gradient_of_two_uses(own), expected));
  });
}

}  // namespace
}  // namespace excite
