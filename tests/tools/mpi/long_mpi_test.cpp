// The program under mpirun, with more ranks than cores: the files of one process, byte for byte,
// and errors that are said once and end all ranks.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <random>
#include <thread>

#include "core/text.h"
#include "tests/support/child.h"
#include "tests/support/image_folder.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point then) {
  return std::chrono::duration<double>(Clock::now() - then).count();
}

using Words = std::vector<std::string>;
std::string program_with_mpi() { return program() + "-mpi"; }

// Some ranks with a command of their own; the first ones are those of the first part.
struct Part {
  long ranks;
  Words command;
};
Words words_of(const std::string& line) {
  Words words = split(line, ' ');
  std::erase(words, "");
  return words;
}
Part part(long ranks, const std::string& arguments, const std::string& own = program_with_mpi()) {
  return {ranks, words_of(own + " train --model se_resnet8 " + arguments)};
}

struct LongMpi : testing::Test {
  LongMpi() {
    setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
    setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
  }
  const ScratchFolder folder;

  static Words mpirun(const std::vector<Part>& parts) {
    Words words{"mpirun", "--oversubscribe", "--bind-to", "none"};
    for (std::size_t i = 0; i < parts.size(); i++) {
      if (i > 0) words.push_back(":");
      words.insert(words.end(), {"-n", std::to_string(parts[i].ranks)});
      words.insert(words.end(), parts[i].command.begin(), parts[i].command.end());
    }
    return words;
  }
  // Trains alone, or if `ranks` is not 0, under mpirun.
  Ending train(long ranks, const std::string& arguments, const std::string& out) const {
    const std::string all = "train " + arguments + " --out " + folder / out;
    if (ranks == 0) return excite_program(words_of(all));
    return Child(mpirun({{ranks, words_of(program_with_mpi() + " " + all)}})).wait();
  }
  std::string last(const std::string& out) const { return get(folder / out + "/last.safetensors"); }
  void expect_same_on(const std::vector<std::pair<long, long>>& ranks_and_threads,
                      const std::string& arguments) const {
    ASSERT_EQ(train(0, arguments, "one").code, 0);
    for (const auto& [ranks, threads] : ranks_and_threads) {
      const std::string out = text("on-", ranks, "-", threads);
      const Ending ending = train(ranks, text(arguments, " --threads ", threads), out);
      EXPECT_EQ(ending.code, 0) << ending.err;
      EXPECT_TRUE(last(out) == last("one") && !last(out).empty())
          << arguments << " on " << ranks << " ranks of " << threads << " threads";
      std::filesystem::remove_all(folder / out);
    }
    std::filesystem::remove_all(folder / "one");
  }
  // Starts the parts, waits until `path` exists, calls `act`, and expects that all ends with `code`
  // in ten seconds.
  Ending expect_end(const std::vector<Part>& parts, const std::string& path,
                    const std::function<void(Child&)>& act, int code) const {
    Child child(mpirun(parts));
    while (!path.empty() && !std::filesystem::exists(path) && child.running())
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const Clock::time_point begin = Clock::now();
    act(child);
    const Ending ending = child.wait();
    EXPECT_LT(seconds_since(begin), 10) << ending.err;
    EXPECT_EQ(ending.code, code) << ending.err;
    while (!ranks_of(folder.path()).empty() && seconds_since(begin) < 10)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));  // mpirun may end before they do
    EXPECT_EQ(ranks_of(folder.path()), std::vector<pid_t>()) << ending.err;
    return ending;
  }
  // The processes of the program whose arguments name the folder, in ascending order.
  static std::vector<pid_t> ranks_of(const std::string& path) {
    std::vector<pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      const std::string name = entry.path().filename();
      if (name.find_first_not_of("0123456789") != std::string::npos) continue;
      const std::string command = get(entry.path().string() + "/cmdline");
      if (command.starts_with(program()) && command.find(path) != std::string::npos)
        found.push_back(std::stoi(name));
    }
    std::sort(found.begin(), found.end());
    return found;
  }
};

void signal_last_rank(const std::string& path, int signal) {
  const std::vector<pid_t> ranks = LongMpi::ranks_of(path);
  ASSERT_FALSE(ranks.empty());
  kill(ranks.back(), signal);
}

// How often `words` are in `all`.
long count_of(const std::string& all, const std::string& words) {
  long count = 0;
  for (std::size_t at = 0; (at = all.find(words, at)) != std::string::npos; at += words.size())
    count++;
  return count;
}
void expect_once(const Ending& ending, const std::string& words) {
  EXPECT_EQ(count_of(ending.err, words), 1) << ending.err;
}

const std::string two_steps = " --data builtin --limit 80 --batch 32 --epochs 1";

TEST_F(LongMpi, TrainsToTheBytesOfOneProcess) {
  expect_same_on({{1, 1}, {1, 2}, {2, 1}, {2, 2}, {3, 1}, {3, 2}, {4, 1}, {4, 2}, {8, 1}, {8, 2}},
                 "--model se_resnet20" + two_steps);
}

TEST_F(LongMpi, TrainsOtherNetworksToTheBytesOfOneProcess) {
  for (const char* model : {"se_small_vgg", "se_small_shake --ema 0.9", "se_small_preact --mixup 1",
                            "se_small_shufflenet --plain"})
    expect_same_on({{2, 1}, {3, 2}, {8, 1}}, std::string("--model ") + model + two_steps);
}

TEST_F(LongMpi, TrainsWithBatchNormOfEachRankToTheSameBytesOnAnyNumberOfThreads) {
  const std::string options = "--model se_resnet8 --batch-norm local" + two_steps;
  for (const char* threads : {"1", "2"}) {
    const Ending ending = train(3, options + " --threads " + threads, threads);
    EXPECT_EQ(ending.code, 0) << ending.err;
  }
  EXPECT_TRUE(last("1") == last("2") && !last("1").empty());
  const Words resume = words_of(program_with_mpi() + " train --resume --out " + folder / "1");
  const Ending ending = Child(mpirun({{2, resume}})).wait();
  EXPECT_EQ(ending.code, 2);
  expect_once(ending, "start it on 3 by mpirun -n 3");
}

TEST_F(LongMpi, TrainsOnImagesThatRank0Sends) {
  const std::string options = "--model se_resnet8" + two_steps;
  ASSERT_EQ(train(0, options, "one").code, 0);
  const std::string no_file = " --data " + folder / "nothing";
  const Ending ending = expect_end(
      {part(1, two_steps + " --data-from rank0 --out " + folder / "run"),
       part(2,
            "--limit 80 --batch 32 --epochs 1 --data-from rank0 "
            "--out " +
                folder / "run" + no_file)},
      folder / "run/last.safetensors", [](Child&) {}, 0);
  EXPECT_TRUE(last("run") == last("one"));
}

TEST_F(LongMpi, SharesOutImageFilesToo) {
  const std::string data = folder / "data";
  for (long i = 0; i < 80; i++)
    put_image(data + text("/", i < 64 ? "train" : "test", "/class ", i % 2, "/", 100 + i, ".png"),
              noise_image(32, 32, i));
  std::string bytes = get(data + "/train/class 1/109.png");  // one that cannot be decoded
  bytes[bytes.size() - 20] ^= 1;
  put(data + "/train/class 1/109.png", bytes);
  const std::string options =
      "--model se_resnet8 --batch 16 --epochs 1 --mean 0.5,0.5,0.5 "
      "--std 0.3,0.3,0.3 --val none --data " +
      data;
  expect_same_on({{3, 1}}, options);
  expect_same_on({{3, 1}}, options + " --cache ram");
  expect_same_on({{3, 1}}, options + " --data-from rank0");
}

const std::string many_steps = " --data builtin --limit 320 --batch 32 --epochs 40 --threads 1 ";

TEST_F(LongMpi, ARankThatIsKilledEndsAll) {
  const std::string run = folder / "run";
  const Ending ending = expect_end(
      {part(3, many_steps + "--out " + run)}, run + "/last.safetensors",
      [&](Child&) { signal_last_rank(run, SIGKILL); }, 128 + SIGKILL);
  expect_once(ending, "exited on signal 9");
  EXPECT_EQ(excite_program({"inspect", run + "/last.safetensors"}).code, 0);
}

TEST_F(LongMpi, ASignalToOneRankSavesAndStopsAll) {
  const std::string options = " --data builtin --limit 160 --batch 32 --epochs 12 --threads 1";
  const std::string run = folder / "run";
  expect_end(
      {part(3, options + " --out " + run)}, run + "/last.safetensors",
      [&](Child&) { signal_last_rank(run, SIGTERM); }, 128 + SIGTERM);
  EXPECT_EQ(Child(mpirun({part(2, "--resume --out " + run)})).wait().code,
            2);  // an option too many
  Words resume = words_of(program_with_mpi() + " train --resume --out " + run);
  EXPECT_EQ(Child(mpirun({{4, resume}})).wait().code, 0);
  ASSERT_EQ(train(0, "--model se_resnet8" + options, "one").code, 0);
  EXPECT_TRUE(last("run") == last("one"));
}

// Open MPI sends the signal to all ranks, and ends them a second later; its own code is then 1.
TEST_F(LongMpi, ASignalToMpirunEndsAllAndLeavesAWholeCheckpoint) {
  const std::string run = folder / "run", last = run + "/last.safetensors";
  expect_end(
      {part(3, many_steps + "--out " + run)}, last, [](Child& mpirun) { mpirun.signal(SIGTERM); },
      1);
  EXPECT_EQ(excite_program({"inspect", last}).code, 0);
}

TEST_F(LongMpi, AnErrorOfOneRankIsSaidWithItsNameAndEndsAll) {
  const auto none = [](Child&) {};
  const std::string out = "--out " + folder / "run";
  Ending ending = expect_end({part(2, many_steps + out),
                              part(1, "--limit 320 --batch 32 --epochs 40 --data /nowhere " + out)},
                             "", none, 3);
  expect_once(ending, "excite: rank 2 on ");
  expect_once(ending, "/nowhere");
  // Rank 0 may write no file of more than 50 kB, as if its disk was full. It writes the log first.
  const std::string limited =
      "ulimit -f 50; exec " + program_with_mpi() + " train --model se_resnet8" + many_steps + out;
  ending = expect_end({{1, {"bash", "-c", limited}}, part(2, many_steps + out)},
                      folder / "run/log.csv", none, 3);
  expect_once(ending, "excite: rank 0 on ");
}

// As srun, this mpirun leaves the other ranks alone when one has ended with an error.
TEST_F(LongMpi, AnErrorOfOneRankEndsAllWhereTheLauncherDoesNot) {
  const std::string out = "--out " + folder / "run";
  setenv("OMPI_MCA_orte_abort_on_non_zero_status", "0", 1);
  const Ending ending = expect_end(
      {part(2, many_steps + out),
       part(1, "--limit 320 --batch 32 --epochs 40 --data /nowhere " + out)},
      "", [](Child&) {}, 3);
  unsetenv("OMPI_MCA_orte_abort_on_non_zero_status");
  expect_once(ending, "excite: rank 2 on ");
}

// Such as one that the mpirun of another MPI has started.
TEST_F(LongMpi, AProcessThatMpiDoesNotConnectIsAnError) {
  const Ending ending =
      shell("env PMI_SIZE=3 PMI_RANK=0 " + program_with_mpi() +
            " train --model se_resnet8 --limit 16 --batch 8 --epochs 1 --out " + folder / "run");
  EXPECT_EQ(ending.code, 2);  // MPI may add words on the hardware that it finds
  expect_once(ending, "excite: train: 3 processes were started, but MPI connects 1 of them; start");
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
}

TEST_F(LongMpi, BenchCountsTheCallsOfAStep) {
  const auto bench = [](const std::string& json) {
    const Ending ending =
        Child(mpirun({{2, words_of(program_with_mpi() + " bench --model se_resnet8 --batch 16" +
                                   " --threads 1 --seconds 0.1 " + json)}}))
            .wait();
    EXPECT_EQ(ending.code, 0) << ending.err;
    return ending.out;
  };
  const std::string words = bench(""), json = bench("--json"), before = "communication per step: ";
  expect_contains(words, "2 ranks, " + before);
  expect_contains(json, "\"ranks\": 2");
  const long messages =
      count_of(json, "\"values\"") + count_of(json, "\"slices\"") + count_of(json, "\"results\"");
  EXPECT_GT(messages, 10);
  expect_contains(words, text(before, messages, " calls"));
}

TEST_F(LongMpi, AnErrorOfAllRanksIsSaidOnce) {
  const auto none = [](Child&) {};
  const std::string out = " --out " + folder / "run";
  expect_once(expect_end({part(3, "--lr nonsense" + out)}, "", none, 2), "--lr");
  expect_once(expect_end({part(3, "--data builtin --limit 20 --batch 2" + out)}, "", none, 2),
              "a batch of 2 images has 2 shards, but there are 3 ranks");
  expect_once(
      expect_end({part(1, many_steps + out), part(2, many_steps + "--seed 7" + out)}, "", none, 2),
      "has another configuration than rank 0");
  std::filesystem::copy(program_with_mpi(), folder / "other");
  std::ofstream(folder / "other", std::ios::app) << "one byte more";
  expect_once(expect_end({part(1, many_steps + out), part(1, many_steps + out, folder / "other")},
                         "", none, 2),
              "has another program than rank 0");
  expect_once(expect_end({part(3, many_steps + out, program())}, "", none, 2), "built without MPI");
  // mpirun ends all once one has failed: the others wait until rank 0 has said why.
  const std::string late = "sleep 1; exec " + program() + " train" + out;
  expect_once(
      expect_end({{1, {"bash", "-c", late}}, part(2, many_steps + out, program())}, "", none, 2),
      "built without MPI");
}

// Twenty runs are each killed at a random moment, on 2 to 4 ranks, and continued by the next one.
TEST_F(LongMpi, TwentyKillsAtRandomChangeNoByte) {
  const std::string options = "--model se_resnet8 --data builtin --limit 48 --batch 16 --epochs 30",
                    run = folder / "run";
  std::mt19937 random(1);
  for (int i = 0; i < 20; i++) {
    // Without a configuration a run starts from nothing, with the options given.
    const std::string resume = std::filesystem::exists(run) ? " --resume" : "",
                      own = std::filesystem::exists(run + "/config.json") ? "" : options;
    Child child(mpirun(
        {{2 + i % 3, words_of(program_with_mpi() + " train " + own + resume + " --out " + run)}}));
    std::this_thread::sleep_for(std::chrono::milliseconds(1000 + random() % 3000));
    const std::vector<pid_t> ranks = ranks_of(run);
    if (!ranks.empty()) kill(ranks[random() % ranks.size()], SIGKILL);
    child.wait();
  }
  EXPECT_EQ(excite_program({"train", "--resume", "--out", run}).code, 0);
  ASSERT_EQ(train(0, options, "one").code, 0);
  EXPECT_TRUE(last("run") == last("one"));
}

}  // namespace
}  // namespace excite
