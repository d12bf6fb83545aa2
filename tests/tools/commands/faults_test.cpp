// Memory and system calls that fail, one after the other, by tests/faults/faults.c: a command ends
// with an error and leaves the old files as they were, or with success; it never crashes or hangs.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <set>
#include <thread>

#include "core/text.h"
#include "models/interop/weights.h"
#include "models/zoo/registry.h"
#include "tests/support/child.h"
#include "tests/support/file_header.h"
#include "tests/support/image_folder.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

struct Faults : testing::Test {
  ScratchFolder folder;
  const std::string weights = folder / "w.safetensors", data = folder / "data",
                    image = data + "/test/ant/0.png", count = folder / "count",
                    run = folder / "run", whole = folder / "whole";
  const std::vector<std::string> train{"train", "--model",      "se_resnet8", "--data",
                                       data,    "--batch",      "2",          "--epochs",
                                       "2",     "--image-size", "16",         "--out"};
  Faults() {
    Rng rng(5);
    const Model model = make_model("se_resnet8", {}, 2, rng);
    const Preprocessing preprocessing{{"ant", "bee"}, {0.4, 0.5, 0.6}, {0.2, 0.25, 0.3}, 16, 16};
    save_tensors(weights, describe(model, preprocessing), state_of(model.module()));
    for (const char* name : {"ant", "bee"})
      for (const char* part : {"train", "test"})
        put_image(data + "/" + part + "/" + name + "/0.png", noise_image(16, 16, 1));
  }

  // Ends the program after a minute, which no command here takes: then it hangs.
  Ending with_fault(const std::string& kind, long at, long times,
                    const std::vector<std::string>& command) {
    const std::string build = std::filesystem::path(program()).parent_path();
    std::vector<std::string> words{"timeout",
                                   "-s",
                                   "KILL",
                                   "60",
                                   "env",
                                   "FAULT=" + kind,
                                   text("FAULT_AT=", at),
                                   text("FAULT_TIMES=", times),
                                   "FAULT_COUNT=" + count,
                                   "LD_PRELOAD=" + build + "/faults.so",
                                   program()};
    words.insert(words.end(), command.begin(), command.end());
    return Child(words).wait();
  }
  // The number of calls when none fails.
  long calls(const std::string& kind, const std::vector<std::string>& command) {
    const Ending ended = with_fault(kind, 0, 0, command);
    EXPECT_EQ(ended.code, 0) << ended.err;
    return std::stol(get(count));
  }
  static void expect_error(const Ending& ended, const std::vector<std::string>& words,
                           const std::string& what) {
    EXPECT_TRUE(ended.code == 1 || ended.code == 3) << what << " ends with " << ended.code;
    const bool sentence = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
      return ended.err.find(word) != std::string::npos;
    });
    EXPECT_TRUE(ended.err.find("excite: ") != std::string::npos && sentence)
        << what << " says: " << ended.err;
  }
  // Memory is asked for again and again in the same places, so about `runs` of the calls stand for
  // all; the first and the last ones are among them.
  void with_each_missing_memory(const std::vector<std::string>& command, long runs) {
    std::filesystem::remove_all(run);
    const long all = calls("malloc", command), step = std::max(1l, all / runs);
    EXPECT_GT(all, 1000);
    long failed = 0;
    for (long k = 1; k <= all; k += k <= 5 || k > all - 5 ? 1 : step)
      for (const long times : {1l, all}) {
        std::filesystem::remove_all(run);
        const Ending ended = with_fault("malloc", k, times, command);
        if (ended.code == 0) continue;  // it could do without
        failed++;
        expect_error(
            ended,
            {"out of memory", "more memory than is left", "cannot allocate", "Cannot allocate"},
            text(join(command, " "), ": ", times, " failures from allocation ", k, " on"));
      }
    EXPECT_GT(failed, runs / 2);  // many a command can do without one small allocation
  }
  void expect_no_image_is_skipped(const std::vector<std::string>& command);
  void kill_and_resume(long step);  // at the first ten calls, and every `step`-th from there on
  std::vector<std::string> train_in(const std::string& path, int threads = 1) const {
    std::vector<std::string> command = train;
    command.insert(command.end(), {path, "--threads", std::to_string(threads)});
    return command;
  }
};
struct LongFaults : Faults {};
struct NightFaults : Faults {};

TEST_F(NightFaults, OfMemoryEndPredictWithAnError) {
  for (const char* threads : {"1", "4"})
    with_each_missing_memory({"predict", "--weights", weights, "--threads", threads, image}, 40);
}

TEST_F(NightFaults, OfMemoryEndEvaluateWithAnError) {
  with_each_missing_memory(
      {"evaluate", "--weights", weights, "--threads", "4", "--data", data, "--json"}, 40);
}

TEST_F(NightFaults, OfMemoryEndTrainWithAnError) {
  for (const int threads : {1, 4}) with_each_missing_memory(train_in(run, threads), 40);
}

TEST_F(NightFaults, OfMemoryEndEveryCommandWithAnError) {
  for (const char* threads : {"1", "4"})
    with_each_missing_memory({"predict", "--weights", weights, "--threads", threads, image}, 400);
  for (const int threads : {1, 4}) with_each_missing_memory(train_in(run, threads), 400);
}

// Each allocation of a training step, of loading weights and of a prediction fails in turn.
TEST_F(NightFaults, OfEachAllocationAreExceptions) {
  const std::string build = std::filesystem::path(program()).parent_path();
  for (const char* threads : {"1", "4"}) {
    const Ending ended = Child({"env", "FAULT=malloc", "LD_PRELOAD=" + build + "/faults.so",
                                build + "/fault-steps", threads, folder / "steps.safetensors"})
                             .wait();
    EXPECT_EQ(ended.code, 0) << threads << " threads: " << ended.out << ended.err;
  }
}

// The old file is whole after each failure, and nothing else is left in its folder.
TEST_F(Faults, OfASaveKeepTheOldFile) {
  const std::string out = folder / "out/w.safetensors", old = "the old file";
  const std::vector<std::string> command{"convert", weights, out, "--to", "excite"};
  std::filesystem::create_directory(folder / "out");
  put(out, old);
  const struct {
    const char *kind, *reason;
    bool after_rename;
  } faults[] = {{"write", "No space left on device", false},
                {"fsync", "Input/output error", true},
                {"rename", "Permission denied", false}};
  for (const auto& [kind, reason, after_rename] : faults) {
    const long all = calls(kind, command);
    EXPECT_GE(all, 1) << kind;
    for (long k = 1; k <= all; k++) {
      put(out, old);
      const Ending ended = with_fault(kind, k, 1, command);
      if (ended.err.find("standard output") != std::string::npos) continue;  // the report's write
      expect_error(ended, {reason}, text(kind, " ", k));
      expect_contains(ended.err, out + ": not saved: ");
      const bool replaced = get(out) != old;
      EXPECT_EQ(replaced, after_rename && k == all) << kind << k;  // fsync of the folder
      if (replaced) header_of(out);
      EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder / "out"), {}), 1) << kind;
    }
  }
}

TEST_F(Faults, OfShortWritesChangeNothing) {
  const std::string out = folder / "out.safetensors", usual = folder / "usual.safetensors";
  calls("none", {"convert", weights, usual, "--to", "excite"});
  const Ending ended = with_fault("short", 1, 1000, {"convert", weights, out, "--to", "excite"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_TRUE(get(out) == get(usual));
}

TEST_F(Faults, OfReadingWeightsAreReported) {
  const std::vector<std::string> command{"inspect", weights};
  const long all = calls("read", command);
  long failed = 0;
  for (long k = 1; k <= all; k++) {
    const Ending ended = with_fault("read", k, 1, command);
    if (ended.code == 0) continue;  // what the system says about its cores is not needed
    expect_error(ended, {"Input/output error"}, text("read ", k));
    failed++;
  }
  EXPECT_GE(failed, 3);  // length, header and numbers
}

TEST_F(Faults, OfReadingClassNamesAndLogsAreReported) {
  put(folder / "names", "ant\nbee\n");
  const std::vector<std::string> evaluate{"evaluate", "--weights", weights,         "--data",
                                          data,       "--labels",  folder / "names"};
  const std::vector<std::string> plot{"plot", "tools/training/se_resnet20-builtin.csv", "--out",
                                      folder / "x.svg"};
  for (const auto& [command, file] :
       {std::pair(evaluate, folder / "names"), std::pair(plot, plot[1])}) {
    bool reported = false;
    for (long k = 1, all = calls("read", command); k <= all; k++) {
      const Ending ended = with_fault("read", k, 1, command);
      if (ended.code == 0) continue;
      expect_error(ended, {"Input/output error"}, text(command[0], " ", k));
      reported = reported || ended.err.find(file) != std::string::npos;
    }
    EXPECT_TRUE(reported) << file;
  }
}

// Damage is skipped and counted; an image that the system cannot read is no damaged one.
void Faults::expect_no_image_is_skipped(const std::vector<std::string>& command) {
  std::filesystem::remove_all(run);
  long reported = 0;
  for (long k = 1, all = calls("read", command); k <= all; k++) {
    std::filesystem::remove_all(run);
    const Ending ended = with_fault("read", k, 1, command);
    EXPECT_EQ(ended.err.find("skipped"), std::string::npos) << k << ended.err;
    if (ended.code == 0) continue;  // what the system says about its cores is not needed
    expect_error(ended, {"Input/output error"}, text(command[0], " ", k));
    reported += ended.err.find(data) != std::string::npos;
  }
  EXPECT_GE(reported, 2);
}

TEST_F(Faults, OfReadingImagesEndTheCommandAndSkipNone) {
  expect_no_image_is_skipped({"evaluate", "--weights", weights, "--data", data});
}

TEST_F(LongFaults, OfReadingImagesEndTrainAndSkipNone) {
  expect_no_image_is_skipped(train_in(run));
}

TEST_F(Faults, OfShortReadsChangeNothing) {
  const std::vector<std::string> command{"evaluate", "--weights", weights,
                                         "--json",   "--data",    data};
  const Ending usual = with_fault("none", 0, 0, command),
               in_parts = with_fault("part", 1, 1'000'000, command);
  EXPECT_EQ(in_parts.code, 0) << in_parts.err;
  EXPECT_EQ(in_parts.out, usual.out);
  EXPECT_GT(std::stol(get(count)), 10);
}

// A run that is killed before any call that changes a file, from its beginning to its end, can be
// resumed to the same bytes as a run without a kill. If it was killed before its configuration was
// saved, it starts from nothing with the options of the command line.
void Faults::kill_and_resume(long step) {
  ASSERT_EQ(excite_program(train_in(whole)).code, 0);
  const std::string expected = get(whole + "/last.safetensors"),
                    best = get(whole + "/best.safetensors");
  const long all = calls("kill", train_in(run));
  EXPECT_GE(all, 60);
  long from_nothing = 0;
  for (long k = 1; k <= all; k += k < 10 ? 1 : step) {
    std::filesystem::remove_all(run);
    const Ending killed = with_fault("kill", k, 1, train_in(run));
    EXPECT_EQ(killed.code, 128 + SIGKILL) << k;
    if (!std::filesystem::exists(run)) continue;  // as if it had never started
    std::vector<std::string> resume{"train", "--resume", "--out", run};
    if (!std::filesystem::exists(run + "/config.json")) {
      resume = train_in(run);
      resume.push_back("--resume");
      from_nothing++;
    }
    const Ending ended = excite_program(resume);
    EXPECT_EQ(ended.code, 0) << k << ": " << ended.err;
    EXPECT_TRUE(get(run + "/last.safetensors") == expected) << k;
    EXPECT_TRUE(get(run + "/best.safetensors") == best) << k;
    for (const auto& entry : std::filesystem::directory_iterator(run))
      EXPECT_EQ(entry.path().string().find(".tmp."), std::string::npos) << k << entry.path();
  }
  EXPECT_GE(from_nothing, 1);
}

TEST_F(Faults, OfARunKilledAtTheCallsOfItsSavesAreMendedByResume) { kill_and_resume(5); }
TEST_F(LongFaults, OfARunKilledAtEachCallOfItsSavesAreMendedByResume) { kill_and_resume(1); }

// ---- a small address space ----

TEST_F(Faults, OfAddressSpaceEndTheProgramWithinTenSeconds) {
  for (long megabytes = 60; megabytes <= 240; megabytes += 20)
    for (const std::string& command : {"predict --weights " + weights + " " + image,
                                       "evaluate --weights " + weights + " --data " + data,
                                       join(train_in(run), " "), std::string("models")}) {
      std::filesystem::remove_all(run);
      const auto begin = std::chrono::steady_clock::now();
      const Ending ended = shell(
          text("ulimit -v ", megabytes * 1024, "; exec timeout -s KILL 10 \"$EXCITE\" ", command));
      EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10))
          << megabytes << " MB: " << command;
      // 127: not even the dynamic linker had enough.
      EXPECT_TRUE(std::set<int>({0, 1, 127}).contains(ended.code))
          << megabytes << " MB: " << command << " ends with " << ended.code << ": " << ended.err;
    }
}

}  // namespace
}  // namespace excite
