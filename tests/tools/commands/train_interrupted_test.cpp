// The command train when it is stopped: by signals, a kill, a closed pipe or a replaced folder.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/text.h"
#include "tests/support/child.h"
#include "tests/support/file_header.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

Ending outcome_of(const std::string& words) { return excite_program(split(words, ' ')); }
std::vector<std::string> command(const std::string& words) {
  return split(program() + " " + words, ' ');
}

// Waits until the file exists; false if the child ends without creating it.
bool waits_for(Child& child, const std::string& path) {
  while (!std::filesystem::exists(path)) {
    if (!child.running()) return std::filesystem::exists(path);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

const std::string small = "train --model se_resnet8 --limit 32 --batch 16 ";

nlohmann::json position_in(const std::string& checkpoint) {
  return nlohmann::json::parse(header_of(checkpoint).metadata.at("position"));
}

struct Stop {
  int signal, code;
};
struct Stopped : testing::TestWithParam<Stop> {};

TEST_P(Stopped, BySignalSavesAndResumesToTheSameBits) {
  const ScratchFolder folder;
  const std::string run = folder / "run", whole = folder / "whole",
                    options = "train --model se_resnet8 --limit 160 --batch 16 --epochs 2 --out ";
  std::signal(SIGHUP, SIG_DFL);  // it is ignored where nohup runs the tests
  Child child(command(options + run));
  ASSERT_TRUE(waits_for(child, run + "/config.json"));
  child.signal(GetParam().signal);
  const Ending ended = child.wait();
  EXPECT_EQ(ended.code, GetParam().code) << ended.err;
  expect_contains(ended.out, "train --resume --out " + run);
  EXPECT_LT(position_in(run + "/last.safetensors").at("epoch"), 2);
  EXPECT_EQ(outcome_of("train --resume --threads 1 --out " + run).code, 0);
  EXPECT_EQ(outcome_of(options + whole).code, 0);
  EXPECT_TRUE(get(run + "/last.safetensors") == get(whole + "/last.safetensors"));
}

INSTANTIATE_TEST_SUITE_P(TrainInterrupted, Stopped,
                         testing::Values(Stop{SIGINT, 130}, Stop{SIGTERM, 143}, Stop{SIGHUP, 129}));

TEST(TrainInterrupted, ASecondSignalStopsAtOnce) {
  const ScratchFolder folder;
  Child child(command(small + "--epochs 1000 --out " + (folder / "run")));
  ASSERT_TRUE(waits_for(child, folder / "run/config.json"));
  child.signal(SIGSTOP);  // so that both signals arrive together
  child.signal(SIGINT);
  child.signal(SIGTERM);
  child.signal(SIGCONT);
  const Ending ended = child.wait();
  EXPECT_TRUE(ended.code == 130 || ended.code == 143) << ended.code;
  EXPECT_EQ(ended.out.find("all is saved"), std::string::npos) << ended.out;
}

// A terminal that is closed often sends it twice.
TEST(TrainInterrupted, ASecondHangupStillSaves) {
  const ScratchFolder folder;
  Child child(command(small + "--epochs 1000 --out " + (folder / "run")));
  ASSERT_TRUE(waits_for(child, folder / "run/config.json"));
  child.signal(SIGSTOP);
  child.signal(SIGTERM);
  child.signal(SIGCONT);
  while (child.err().empty() && child.running()) std::this_thread::yield();
  child.signal(SIGHUP);
  const Ending ended = child.wait();
  EXPECT_EQ(ended.code, 143) << ended.err;
  expect_contains(ended.out, "all is saved");
}

TEST(TrainInterrupted, NohupKeepsItsMeaning) {
  const ScratchFolder folder;
  Child child({"nohup", program(), "train", "--model", "se_resnet8", "--limit", "32", "--batch",
               "16", "--epochs", "3", "--out", folder / "run"});
  ASSERT_TRUE(waits_for(child, folder / "run/config.json"));
  child.signal(SIGHUP);
  const Ending ended = child.wait();
  EXPECT_EQ(ended.code, 0) << ended.err;
  expect_contains(ended.out, "after 3 epochs");
}

TEST(TrainInterrupted, GoesOnWhenTheReaderClosesThePipe) {
  const ScratchFolder folder;
  const Ending ended = shell("{ \"$EXCITE\" " + small + "--epochs 3 --out " + (folder / "run") +
                             "; echo $? >&2; } | head -n 1");
  EXPECT_EQ(ended.err, "0\n");
  EXPECT_EQ(split(get(folder / "run/log.csv"), '\n').size(), 4u);  // a header and three epochs
  EXPECT_EQ(position_in(folder / "run/last.safetensors").at("epoch"), 3);
}

// What a kill during the very first save leaves.
TEST(TrainInterrupted, ResumesARunThatSavedNothingFromNothing) {
  const ScratchFolder folder;
  const std::string run = folder / "run";
  for (const bool half_written : {false, true}) {
    std::filesystem::remove_all(run);
    std::filesystem::create_directory(run);
    if (half_written) put(run + "/config.json.tmp.123", "{ \"for");
    expect_failure(outcome_of(small + "--epochs 1 --out " + run), 2, {"add --resume"});
    const Ending ended = outcome_of(small + "--epochs 1 --resume --out " + run);
    EXPECT_EQ(ended.code, 0) << ended.err;
    expect_contains(ended.out, "so it starts from nothing");
    EXPECT_FALSE(std::filesystem::exists(run + "/config.json.tmp.123"));
    EXPECT_EQ(position_in(run + "/last.safetensors").at("epoch"), 1);
  }
  std::filesystem::remove_all(run);
  std::filesystem::create_directory(run);
  put(run + "/photo.jpg", "precious");  // not the folder of a run
  expect_failure(outcome_of("train --resume --out " + run), 3, {run + "/config.json"});
  expect_failure(outcome_of("train --resume --out " + (folder / "nowhere")), 3, {"nowhere"});
}

TEST(TrainInterrupted, EndsWithAnErrorIfItsFolderIsReplaced) {
  const ScratchFolder folder;
  const std::string run = folder / "run", moved = folder / "moved";
  Child child(command(small + "--epochs 1000 --out " + run));
  ASSERT_TRUE(waits_for(child, run + "/last.safetensors"));
  child.signal(SIGSTOP);
  std::filesystem::rename(run, moved);
  std::filesystem::create_directory(run);
  child.signal(SIGCONT);
  const Ending ended = child.wait();
  EXPECT_EQ(ended.code, 1) << ended.err;
  expect_contains(ended.err, run + ": the folder of this run was moved, removed or replaced");
  EXPECT_TRUE(std::filesystem::is_empty(run));
  EXPECT_GE(position_in(moved + "/last.safetensors").at("epoch"), 1);
}

TEST(TrainInterrupted, KilledBeforeTheFirstSaveRestartsFromItsConfiguration) {
  const ScratchFolder folder;
  const std::string run = folder / "run";
  Child child(command(small + "--epochs 1 --seed 5 --lr 0.05 --out " + run));
  ASSERT_TRUE(waits_for(child, run + "/config.json"));
  child.signal(SIGKILL);
  child.wait();
  std::filesystem::remove(run + "/last.safetensors");  // if it was written before the kill
  EXPECT_EQ(outcome_of("train --resume --out " + run).code, 0);
  EXPECT_EQ(outcome_of(small + "--epochs 1 --seed 5 --lr 0.05 --out " + (folder / "whole")).code,
            0);
  EXPECT_TRUE(get(run + "/last.safetensors") == get(folder / "whole/last.safetensors"));
}

}  // namespace
}  // namespace excite
