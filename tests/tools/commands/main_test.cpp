// What all commands have in common: errors of the command line, and where the output goes.
#include <gtest/gtest.h>

#include <array>
#include <csignal>

#include "core/text.h"
#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

TEST(Program, PrintsItsVersion) {
  const Ending version = excite_program({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_EQ(version.out, std::string(EXCITE_VERSION) + "\n");
}

TEST(Program, WithoutACommandIsAnError) {
  expect_failure(excite_program({}), 2, {"expected a command", "--help"});
}

TEST(Program, SuggestsTheNearestCommand) {
  expect_failure(excite_program({"trian"}), 2, {"no command 'trian'", "train"});
  expect_failure(excite_program({"sumary", "--model", "resnet20"}), 2,
                 {"no command 'sumary'; the nearest is summary\n"});
  expect_failure(excite_program({"fit"}), 2,
                 {"no command 'fit'; `excite --help` lists the commands\n"});
}

TEST(Program, SuggestsTheNearestOption) {
  expect_failure(excite_program({"summary", "--modle", "resnet20"}), 2,
                 {"summary: ", "no option --modle", "the nearest is --model"});
  expect_failure(excite_program({"train", "--epoch=3"}), 2,
                 {"train: ", "no option --epoch;", "the nearest is --epochs"});
  expect_failure(excite_program({"train", "--batch-size", "8"}), 2, {"the nearest is --batch"});
  expect_failure(excite_program({"train", "--weight", "8"}), 2, {"the nearest is --weights\n"});
  expect_failure(excite_program({"train", "--label", "8"}), 2,
                 {"the nearest is --label-smoothing\n"});
  expect_failure(excite_program({"--vresion"}), 2, {"no option --vresion", "--version"});
}

TEST(Program, SuggestsNothingThatIsFarFromTheWord) {
  expect_failure(excite_program({"summary", "--side", "32"}), 2,
                 {"no option --side; `excite summary --help` lists the options\n"});
  expect_failure(excite_program({"--verbose"}), 2,
                 {"no option --verbose; `excite --help` lists the options\n"});
  expect_failure(excite_program({"summary", "--model", "transformer"}), 2,
                 {"no model 'transformer' (`excite models` lists them)\n"});
  expect_failure(excite_program({"bench", "--mode", "speed"}), 2,
                 {"--mode speed: expected train or infer\n"});
}

TEST(Program, ReadsDecimalNumbersOnly) {
  const ScratchFolder folder;
  expect_contains(excite_program({"summary", "--model", "resnet20", "--classes", "010"}).out,
                  "10 classes");
  for (const auto& [option, word, expected] : std::vector<std::array<std::string, 3>>{
           {"--epochs", "", "train: --epochs '': expected a whole number"},
           {"--epochs", "3x", "train: --epochs '3x': expected a whole number"},
           {"--epochs", "1.5", "--epochs '1.5': expected a whole number"},
           {"--seed", "", "--seed '': expected a whole number"},
           {"--seed", "9223372036854775808",
            "'9223372036854775808': expected a whole number below 2^63"},
           {"--momentum", "", "--momentum '': expected a finite number"},
           {"--lr", "nan", "--lr 'nan': expected a finite number"},
           {"--lr", "1e999", "--lr '1e999': expected a finite number"},
           {"--milestones", "0x8", "'0x8' is not a number"},
           {"--milestones", "", "'' is not a number"},
           {"--milestones", "8,", "'' is not a number"},
           {"--set", "reduction=0x8", "option reduction=0x8: expected a whole number"},
           {"--threads", "", "--threads '': expected a whole number"}})
    expect_failure(excite_program({"train", option, word, "--out", folder / "run"}), 2, {expected});
  expect_failure(excite_program({"bench", "--seconds", "nan"}), 2, {"--seconds", "'nan'"});
}

TEST(Program, NamesTheRangeOfANumber) {
  expect_failure(excite_program({"train", "--threads", "0"}), 2,
                 {"excite: train: --threads 0: expected a whole number from 1 to 1024\n"});
  expect_failure(excite_program({"bench", "--seconds", "-1"}), 2,
                 {"excite: bench: --seconds -1: expected a number from 0 to 3600\n"});
  expect_failure(excite_program({"evaluate", "--weights", "w", "--batch", "0"}), 2,
                 {"excite: evaluate: --batch 0: expected a whole number of at least 1\n"});
}

TEST(Program, RefusesAnArgumentThatACommandDoesNotTake) {
  expect_failure(excite_program({"summary", "--model", "resnet20", "twice"}), 2,
                 {"summary: unexpected argument 'twice'; usage: excite summary [OPTIONS]\n"});
}

TEST(Program, SaysWhatIsMissing) {
  expect_failure(excite_program({"summary"}), 2, {"summary: expected --model NAME or --weights"});
  expect_failure(excite_program({"convert", "a", "b"}), 2,
                 {"convert: --to FORMAT is missing; usage: excite convert [OPTIONS] --to FORMAT IN "
                  "OUT\n"});
  expect_failure(excite_program({"inspect"}), 2, {"inspect: FILE is missing; usage: "});
  expect_failure(excite_program({"train", "--epochs"}), 2,
                 {"train: --epochs has no value, expected --epochs INT\n"});
}

TEST(Program, RefusesOptionsThatAreRepeatedOrCannotBeCombined) {
  expect_failure(excite_program({"train", "--epochs", "1", "--epochs", "2"}), 2,
                 {"train: --epochs is given 2 times, expected once\n"});
  expect_failure(excite_program({"summary", "--weights", "w", "--classes", "5"}), 2,
                 {"summary: ", "cannot be combined with", "--weights", "--classes"});
  for (const char* value : {"maybe", "3", "false"})
    expect_failure(excite_program({"models", text("--json=", value)}), 2,
                   {"models: --json takes no value\n"});
}

TEST(Program, PutsTheCommandBeforeEveryError) {
  expect_failure(excite_program({"summary", "--model", "resnet21"}), 2,
                 {"excite: summary: there is no model 'resnet21'"});
  expect_failure(excite_program({"inspect", "missing"}), 3, {"excite: inspect: missing: "});
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

TEST(Program, PrintsNoControlCharactersInAnError) {
  const Ending ending = excite_program({"summary", "--model", "\033[31mresnet"});
  EXPECT_EQ(ending.code, 2);
  EXPECT_EQ(ending.err.find('\033'), std::string::npos) << ending.err;
}

TEST(Program, RunsWithStandardInputAndErrorClosed) {
  const Ending ending = shell("\"$EXCITE\" models <&- 2>&-");
  EXPECT_EQ(ending.code, 0);
  expect_contains(ending.out, "se_resnet20");
}

// The summary of the largest model is longer than the buffer of a pipe, so the program is still
// writing when its reader ends.
TEST(Program, EndsQuietlyWhenTheReaderClosesThePipe) {
  const Ending ending =
      shell("{ \"$EXCITE\" summary --model resnet110 --json; echo $? >&2; } | head -n 1");
  EXPECT_EQ(ending.code, 0);
  EXPECT_EQ(ending.out, "{\n");
  EXPECT_TRUE(ending.err == std::to_string(128 + SIGPIPE) + "\n" || ending.err == "0\n")
      << ending.err;
}

}  // namespace
}  // namespace excite
