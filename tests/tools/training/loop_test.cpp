#include "tools/training/loop.h"

#include <sys/wait.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/files/atomic_file.h"
#include "core/parallel.h"
#include "core/text.h"
#include "tests/support/compare.h"
#include "tests/support/image_folder.h"
#include "tests/support/scratch.h"
#include "tests/support/training_images.h"

namespace excite {
namespace {

// Short epochs: a few steps, two batches of evaluation.
Recipe short_recipe(long epochs, const std::string& optimizer = "sgd") {
  Recipe r;
  r.model = "se_resnet8";
  r.epochs = epochs;
  r.batch = 8;
  r.optimizer = optimizer;
  r.lr = 0.1 * default_lr(optimizer);
  r.warmup = default_warmup(epochs);
  r.weight_decay = default_weight_decay(optimizer);
  return r;
}

constexpr long steps_per_epoch = 2;
DataSplit small_data() { return {noisy_images(8 * steps_per_epoch + 2), noisy_images(12, 10, 1)}; }

const auto never = [] { return 0; };

// Says SIGINT from the k-th time on that it is asked.
std::function<int()> stop_at(int k) {
  return [k, asked = 0]() mutable { return ++asked >= k ? SIGINT : 0; };
}

// Begins or continues the run in `path`.
int train_in(const std::string& path, const Recipe& recipe, const std::function<int()>& stop,
             const DataSplit& data = small_data()) {
  testing::internal::CaptureStdout();
  const struct Quiet {
    ~Quiet() { testing::internal::GetCapturedStdout(); }
  } quiet;
  const bool begun = std::filesystem::exists(path);
  const RunFolder folder = begun ? RunFolder::open(path) : RunFolder::create(path);
  Training training(recipe, data, stop);
  if (std::filesystem::exists(folder.last())) training.continue_from(folder.last());
  return training.run(folder);
}

// All columns that do not tell of time or memory.
std::vector<std::string> log_without_time(const std::string& path) {
  std::vector<std::string> rows;
  for (const std::string& line : split(get(path), '\n')) {
    std::vector<std::string> columns = split(line, ',');
    columns.resize(std::min<std::size_t>(columns.size(), 7));
    rows.push_back(join(columns, ","));
  }
  return rows;
}

void expect_same_run(const std::string& path, const std::string& expected) {
  EXPECT_TRUE(get(path + "/last.safetensors") == get(expected + "/last.safetensors")) << path;
  EXPECT_TRUE(get(path + "/best.safetensors") == get(expected + "/best.safetensors")) << path;
  EXPECT_EQ(log_without_time(path + "/log.csv"), log_without_time(expected + "/log.csv")) << path;
}

TEST(Training, StoppedAtAnyPointItGoesOnToTheSameBits) {
  const ScratchFolder folder;
  const Recipe recipe = short_recipe(2);
  ASSERT_EQ(train_in(folder / "whole", recipe, never), 0);
  constexpr int questions =
      2 *
      (steps_per_epoch + 2 +
       1);  // in each epoch: before each step, after each batch of the evaluation, and once more
  for (int k = 1; k <= questions; k++) {
    const std::string path = folder / text("stopped-", k);
    ASSERT_EQ(train_in(path, recipe, stop_at(k)), 130);
    ASSERT_EQ(train_in(path, recipe, never), 0);
    expect_same_run(path, folder / "whole");
  }
  ASSERT_EQ(train_in(folder / "never", recipe, stop_at(questions + 1)), 0);
}

TEST(Training, StoppedAgainAndAgainItGoesOnToTheSameBits) {
  const ScratchFolder folder;
  const Recipe recipe = short_recipe(2, "adamw");
  ASSERT_EQ(train_in(folder / "whole", recipe, never), 0);
  int code = 130;
  for (int life = 0; code == 130 && life < 50; life++)
    code = train_in(folder / "stopped", recipe, stop_at(3));
  EXPECT_EQ(code, 130);  // two steps a life, and then an evaluation that needs three questions
  ASSERT_EQ(train_in(folder / "stopped", recipe, never), 0);
  expect_same_run(folder / "stopped", folder / "whole");
}

TEST(Training, GivesTheSameBitsOnAnyNumberOfThreads) {
  const ScratchFolder folder;
  Recipe recipe = short_recipe(1);
  recipe.batch = 18;  // more images than there are shards
  const int before = threads();
  for (const int count : {1, 2, 3, 7}) {
    set_threads(count);
    ASSERT_EQ(train_in(folder / std::to_string(count), recipe, never), 0);
    expect_same_run(folder / std::to_string(count), folder / "1");
  }
  set_threads(before);
}

// Of images in files, of any size, which are decoded beside the steps.
TEST(Training, FromAFolderGivesTheSameBitsOnAnyNumberOfThreadsAndAfterAStop) {
  const ScratchFolder folder;
  for (long i = 0; i < 24; i++)
    put_image(
        folder / text("data/", i < 18 ? "train" : "test", "/class ", i % 2, "/", 100 + i, ".png"),
        noise_of(30 + i, 40, i));
  const DataSplit data = load_data(folder / "data");
  Recipe recipe = short_recipe(2);
  recipe.augment.clear();
  const int before = threads();
  set_threads(1);
  ASSERT_EQ(train_in(folder / "whole", recipe, never, data), 0);
  for (const int count : {2, 7}) {
    set_threads(count);
    ASSERT_EQ(train_in(folder / std::to_string(count), recipe, stop_at(1 + count), data), 130);
    ASSERT_EQ(train_in(folder / std::to_string(count), recipe, never, data), 0);
    expect_same_run(folder / std::to_string(count), folder / "whole");
  }
  set_threads(before);
  const Metadata about = SafetensorsFile(folder / "whole/last.safetensors").metadata();
  EXPECT_EQ(about.at("image_size"), "32");
  EXPECT_EQ(about.at("short_side"), "37");
  EXPECT_EQ(nlohmann::json::parse(about.at("recipe")).at("augment"), "resized-crop,flip");
}

TEST(Training, SideMakesImagesLarger) {
  const ScratchFolder folder;
  Recipe recipe = short_recipe(1);
  recipe.image_size = 40;
  ASSERT_EQ(train_in(folder / "run", recipe, never), 0);
  EXPECT_EQ(SafetensorsFile(folder / "run/last.safetensors").metadata().at("image_size"), "40");
  EXPECT_EQ(load_model(SafetensorsFile(folder / "run/last.safetensors")).preprocessing.short_side,
            40);
  recipe.image_size = 32;
  ASSERT_EQ(train_in(folder / "small", recipe, never), 0);
  const auto stem = [&](const char* run) {
    return SafetensorsFile(folder / run + "/last.safetensors").read("conv1.weight");
  };
  EXPECT_FALSE(same_bits(stem("run"), stem("small"))) << "the images were the same";
}

// A batch may be smaller than the recipe's, and accuracy is a share of what was seen.
TEST(Training, AccuracyIsAShareOfTheImagesThatCouldBeDecoded) {
  const ScratchFolder folder;
  put_as_folder(noisy_images(8, 2), folder / "data/train");
  put_as_folder(noisy_images(8, 2), folder / "data/test");
  const std::string damaged = folder / "data/train/class 0/1000.png";
  std::string bytes = get(damaged);
  bytes[bytes.size() - 20] ^= 1;
  put(damaged, bytes);
  testing::internal::CaptureStderr();
  ASSERT_EQ(train_in(folder / "run", short_recipe(1), never, load_data(folder / "data")), 0);
  testing::internal::GetCapturedStderr();
  const double correct = 7 * std::stod(split(split(get(folder / "run/log.csv"), '\n')[1], ',')[2]);
  EXPECT_GT(correct, 0.5);
  EXPECT_NEAR(correct, std::round(correct), 1e-3);
}

TEST(Training, AnotherSeedIsAnotherRun) {
  const ScratchFolder folder;
  Recipe recipe = short_recipe(1);
  train_in(folder / "0", recipe, never);
  recipe.seed = 1;
  train_in(folder / "1", recipe, never);
  EXPECT_NE(log_without_time(folder / "0/log.csv"), log_without_time(folder / "1/log.csv"));
}

TEST(Training, ASaveThatFailsLeavesTheLastOneAndTheRunGoesOnFromThere) {
  const ScratchFolder folder;
  const Recipe recipe = short_recipe(2);
  train_in(folder / "whole", recipe, never);
  const std::string path = folder / "failed", last = path + "/last.safetensors";
  int renames = 0;
  save_calls.rename = [&](const char* from, const char* to) {
    if (to == last && ++renames == 2) return errno = ENOSPC, -1;
    return ::rename(from, to);
  };
  EXPECT_TRUE(
      fails_saying<FileError>([&] { train_in(path, recipe, never); }, {last, "No space left"}));
  save_calls = {};
  EXPECT_EQ(load_model(SafetensorsFile(last)).model.name, "se_resnet8");
  ASSERT_EQ(train_in(path, recipe, never), 0);
  expect_same_run(path, folder / "whole");
}

// A weight decay so strong that each step turns a weight round and makes it larger, w - lr decay w.
// Some epochs survive that.
TEST(Training, DivergingLeavesTheLastGoodCheckpoint) {
  const ScratchFolder folder;
  Recipe recipe = short_recipe(9);
  recipe.warmup = recipe.momentum = 0;
  recipe.lr = 0.1;
  recipe.decay = "weights";
  recipe.weight_decay = in_double_build ? 1e16 : 1e3;
  EXPECT_TRUE(fails_saying<Diverged>([&] { train_in(folder / "bad", recipe, never); },
                                     {"diverged in epoch ", "step ", "at learning rate 0.0"}));
  const std::string last = folder / "bad/last.safetensors";
  const int epoch =
      nlohmann::json::parse(SafetensorsFile(last).metadata().at("position")).at("epoch");
  ASSERT_GE(epoch, 1);
  const int questions =
      epoch * static_cast<int>(steps_per_epoch + 2 + 1) + 1;  // as the next epoch begins
  ASSERT_EQ(train_in(folder / "good", recipe, stop_at(questions)), 130);
  EXPECT_TRUE(get(last) == get(folder / "good/last.safetensors"));
}

// ---- killed ----

// Where a process kills itself: the n-th time that it does this with the file of that name. "write"
// is killed when half is written.
struct Death {
  std::string call, file;
  int n;
};

std::string path_of(int descriptor) {
  return std::filesystem::read_symlink(text("/proc/self/fd/", descriptor));
}

void die() { raise(SIGKILL); }

// In the child: arranges for the death.
void prepare(const Death& death) {
  const auto strikes = [death, count = std::make_shared<int>(0)](const std::string& call,
                                                                 const std::string& path) {
    return call == death.call && path.find(death.file) != std::string::npos && ++*count == death.n;
  };
  save_calls.write = [=](int fd, const void* bytes, std::size_t count) {
    if (strikes("write", path_of(fd))) {
      [[maybe_unused]] const auto half = ::write(fd, bytes, count / 2);
      die();
    }
    return ::write(fd, bytes, count);
  };
  save_calls.fsync = [=](int fd) {
    if (strikes("fsync", path_of(fd))) die();
    return ::fsync(fd);
  };
  save_calls.rename = [=](const char* from, const char* to) {
    if (strikes("before rename", to)) die();
    const int result = ::rename(from, to);
    if (strikes("after rename", to)) die();
    return result;
  };
}

// A process that trains in `path`. Threads do not survive a fork, so there may be none.
pid_t fork_training(const std::string& path, const Recipe& recipe, const std::function<int()>& stop,
                    const std::function<void()>& prepare_child) {
  set_threads(1);
  const pid_t child = fork();
  if (child != 0) return child;
  prepare_child();
  int code = 99;
  try {
    code = train_in(path, recipe, stop);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  _exit(code);
}

bool killed(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

long finished_epochs(const std::string& path) {
  const std::string log = get(path + "/log.csv");
  return std::max(0l, static_cast<long>(std::count(log.begin(), log.end(), '\n')) - 1);
}

// Kills the run in `path` inside a save.
void kill_inside(const std::string& path, const Recipe& recipe, const Death& death) {
  EXPECT_TRUE(killed(fork_training(path, recipe, never, [&] { prepare(death); })))
      << death.call << " " << death.file << " " << death.n;
}

// Kills it between two steps, or two batches of the evaluation: when it asks for the k-th time
// whether to stop.
void kill_at(const std::string& path, const Recipe& recipe, int k) {
  const auto death = [stop = stop_at(k)]() mutable { return stop() == 0 ? 0 : (die(), 0); };
  EXPECT_TRUE(killed(fork_training(path, recipe, death, [] {}))) << k;
}

// Kills it from outside, wherever it is once it has finished an epoch, or when it ends before that
// is seen.
void kill_outside(const std::string& path, const Recipe& recipe) {
  const pid_t child = fork_training(path, recipe, never, [] {});
  for (int waited = 0; finished_epochs(path) < 1 && waited < 60'000; waited++)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  kill(child, SIGKILL);
  killed(child);
}

struct Killed : testing::Test {
  const ScratchFolder folder;
  const Recipe recipe = short_recipe(10);
  const std::string path = folder / "killed";
  const int threads_before = threads();
  ~Killed() override { set_threads(threads_before); }
  void expect_nothing_lost() {
    ASSERT_EQ(train_in(path, recipe, never), 0);
    ASSERT_EQ(train_in(folder / "whole", recipe, never), 0);
    expect_same_run(path, folder / "whole");
    EXPECT_EQ(finished_epochs(path), 10);
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      EXPECT_EQ(entry.path().string().find(".tmp."), std::string::npos) << entry.path();
    }
  }
};

TEST_F(Killed, FiveTimesWithoutWarningItGoesOnToTheSameBits) {
  kill_inside(path, recipe, {"write", "last.safetensors", 2});
  kill_at(path, recipe, 8);
  kill_inside(path, recipe, {"before rename", "last.safetensors", 2});
  kill_inside(path, recipe, {"before rename", "log.csv", 2});
  kill_at(path, recipe, 2);
  expect_nothing_lost();
}

TEST_F(Killed, FromOutsideItGoesOnToTheSameBits) {
  kill_outside(path, recipe);
  expect_nothing_lost();
}

using LongKilled = Killed;

// The kills inside a save are in the first one that the process comes to, so they make no epoch
// pass, but for "after rename" of last.
TEST_F(LongKilled, TwentyTimesWithoutWarningItGoesOnToTheSameBits) {
  kill_inside(path, recipe, {"write", "best.safetensors", 1});
  for (const Death& death : std::vector<Death>{{"write", "last.safetensors", 1},
                                               {"fsync", "last.safetensors", 1},
                                               {"before rename", "last.safetensors", 1},
                                               {"after rename", "last.safetensors", 1},
                                               {"write", "log.csv", 1},
                                               {"before rename", "log.csv", 1},
                                               {"after rename", "log.csv", 1}}) {
    kill_inside(path, recipe, death);
    kill_at(path, recipe, 6);  // as the second epoch of that life begins
  }
  for (const int k : {1, 2, 3, 4, 5}) kill_at(path, recipe, k);
  expect_nothing_lost();
}

}  // namespace
}  // namespace excite
