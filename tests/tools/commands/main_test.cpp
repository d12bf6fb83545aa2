// What all commands have in common: help, mistakes in the command line, and where the output goes.
#include <gtest/gtest.h>

#include <array>
#include <csignal>

#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

const std::vector<std::string> commands{"train",   "evaluate", "predict",  "summary", "plot",
                                        "images",  "bench",    "roofline", "models",  "inspect",
                                        "convert", "backward", "gradcheck"};

TEST(Program, HelpListsTheCommands) {
  const Ending help = excite_program({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_EQ(help.err, "");
  for (const std::string& command : commands) expect_contains(help.out, "\n  " + command + " ");
}

TEST(Program, EachCommandHasHelpWithAnExample) {
  for (const std::string& command : commands) {
    const Ending help = excite_program({command, "--help"});
    EXPECT_EQ(help.code, 0) << command;
    EXPECT_EQ(help.err, "") << command;
    expect_contains(help.out, "Example: excite");
    expect_contains(help.out, " " + command + " ");
  }
}

TEST(Program, HelpShowsDefaults) {
  expect_contains(excite_program({"bench", "--help"}).out, "=128\n");  // --batch
  expect_contains(excite_program({"predict", "--help"}).out, "--top INT:INT in [1 - 1000000]=5 ");
  expect_contains(excite_program({"train", "--help"}).out, "--model TEXT=se_resnet20 ");
}

TEST(Program, SaysItsVersion) {
  const Ending version = excite_program({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_EQ(version.out, std::string(EXCITE_VERSION) + "\n");
}

TEST(Program, WithoutACommandSaysThatOneIsExpected) {
  expect_failure(excite_program({}), 2, {"a command is expected", "--help"});
}

TEST(Program, SaysTheNearestCommand) {
  expect_failure(excite_program({"trian"}), 2, {"no command 'trian'", "train"});
  expect_failure(excite_program({"sumary", "--model", "resnet20"}), 2,
                 {"no command 'sumary'", "summary"});
}

TEST(Program, SaysTheNearestOption) {
  expect_failure(excite_program({"summary", "--modle", "resnet20"}), 2,
                 {"summary: ", "no option --modle", "the nearest is --model"});
  expect_failure(excite_program({"train", "--epoch=3"}), 2,
                 {"train: ", "no option --epoch;", "the nearest is --epochs"});
  expect_failure(excite_program({"--vresion"}), 2, {"no option --vresion", "--version"});
}

TEST(Program, ReadsNumbersInBaseTenAndWhole) {
  const ScratchFolder folder;
  expect_contains(excite_program({"summary", "--model", "resnet20", "--classes", "010"}).out,
                  "10 classes");
  for (const auto& [option, word, expected] : std::vector<std::array<std::string, 3>>{
           {"--epochs", "", "'', expected a whole number"},
           {"--epochs", "3x", "'3x', expected a whole number"},
           {"--epochs", "1.5", "'1.5', expected a whole number"},
           {"--seed", "", "'', expected a whole number"},
           {"--seed", "9223372036854775808",
            "'9223372036854775808', expected a whole number below 2^63"},
           {"--momentum", "", "'', expected a finite number"},
           {"--lr", "nan", "'nan', expected a finite number"},
           {"--lr", "1e999", "'1e999', expected a finite number"},
           {"--milestones", "0x8", "'0x8' is not a number"},
           {"--milestones", "", "'' is not a number"},
           {"--milestones", "8,", "'' is not a number"},
           {"--set", "reduction=0x8", "option reduction=0x8: expected a whole number"},
           {"--threads", "", "'', expected a whole number"}})
    expect_failure(excite_program({"train", option, word, "--out", folder / "run"}), 2, {expected});
  expect_failure(excite_program({"bench", "--seconds", "nan"}), 2, {"--seconds", "'nan'"});
}

TEST(Program, RefusesAWordThatACommandDoesNotTake) {
  expect_failure(excite_program({"summary", "--model", "resnet20", "twice"}), 2,
                 {"summary: ", "'twice'"});
}

TEST(Program, SaysWhatIsMissingOrNoNumber) {
  expect_failure(excite_program({"summary"}), 2, {"summary: ", "--model", "required"});
  expect_failure(excite_program({"bench", "--batch", "many"}), 2, {"bench: ", "--batch", "many"});
  expect_failure(excite_program({"bench", "--threads", "0"}), 2,
                 {"bench: ", "--threads", "0", "1"});
}

TEST(Program, AFullDiskIsAFailure) {
  for (const std::string command :
       {"models", "summary --model resnet20", "models --json", "--help"}) {
    const Ending ending = shell("\"$EXCITE\" " + command + " >/dev/full");
    expect_failure(ending, 1, {"standard output: ", "No space left on device"});
  }
}

TEST(Program, AClosedStandardOutputIsAFailure) {
  expect_failure(shell("\"$EXCITE\" models >&-"), 1, {"standard output: ", "closed"});
}

TEST(Program, WithEveryStreamClosedFailsQuietly) {
  EXPECT_EQ(shell("\"$EXCITE\" models <&- >&- 2>&-").code, 1);
}

TEST(Program, ObeysNoControlCharactersInWhatItComplainsOf) {
  const Ending ending = excite_program({"summary", "--model", "\033[31mresnet"});
  EXPECT_EQ(ending.code, 2);
  EXPECT_EQ(ending.err.find('\033'), std::string::npos) << ending.err;
}

TEST(Program, RunsWithStandardInputAndErrorClosed) {
  const Ending ending = shell("\"$EXCITE\" models <&- 2>&-");
  EXPECT_EQ(ending.code, 0);
  expect_contains(ending.out, "se_resnet20");
}

// summary of the largest model prints more than a pipe holds, so it is still writing when its
// reader is gone.
TEST(Program, EndsQuietlyWhenItsReaderHasSeenEnough) {
  const Ending ending =
      shell("{ \"$EXCITE\" summary --model resnet110 --json; echo $? >&2; } | head -n 1");
  EXPECT_EQ(ending.code, 0);
  EXPECT_EQ(ending.out, "{\n");
  EXPECT_TRUE(ending.err == std::to_string(128 + SIGPIPE) + "\n" || ending.err == "0\n")
      << ending.err;
}

}  // namespace
}  // namespace excite
