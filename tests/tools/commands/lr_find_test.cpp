// The command lr-find: a suggestion, a CSV file and a drawing, and no run.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "core/text.h"
#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

const std::string small = "lr-find --model se_resnet8 --limit 64 --augment none ";

Ending outcome_of(const std::string& words) { return excite_program(split(words, ' ')); }

TEST(LrFind, SuggestsARateAndWritesTheSweep) {
  const ScratchFolder folder;
  const Ending ended =
      outcome_of(small + "--batch 32 --steps 100 --start-lr 1e-3 --end-lr 1e6 --csv " +
                 (folder / "s.csv") + " --svg " + (folder / "s.svg"));
  ASSERT_EQ(ended.code, 0) << ended.err;
  expect_contains(ended.out, "se_resnet8: ");
  expect_contains(ended.out, "\nsuggestion: --lr ");
  expect_contains(ended.out, ": the loss falls fastest there, by ");
  expect_contains(ended.out, " and explodes at ");
  std::vector<std::string> rows = split(get(folder / "s.csv"), '\n');
  EXPECT_EQ(rows[0], "step,learning_rate,loss,smoothed_loss");
  EXPECT_TRUE(rows[1].starts_with("1,0.001,")) << rows[1];
  EXPECT_LT(rows.size(), 100u);  // it ended early
  const std::string names =
      "import sys, xml.dom.minidom as x\n"
      "print([t.firstChild.data for t in x.parse(sys.argv[1]).getElementsByTagName('text')])";
  const Ending parsed = Child({"python3", "-c", names, folder / "s.svg"}).wait();
  for (const char* word : {"'learning rate'", "'loss'", "'0.001'", "'suggested: "})
    expect_contains(parsed.out, word);
}

TEST(LrFind, HasTheSameNumbersOnAnyNumberOfThreads) {
  const std::string words = small + "--batch 16 --steps 12 --csv - --threads ";
  const Ending one = outcome_of(words + "1"), three = outcome_of(words + "3");
  EXPECT_EQ(split(one.out, '\n').size(), 13u) << one.err;
  EXPECT_EQ(one.out, three.out);
}

TEST(LrFind, TouchesNoRun) {
  const ScratchFolder folder;
  const std::string run = folder / "run";
  ASSERT_EQ(
      outcome_of("train --model se_resnet8 --limit 32 --batch 16 --epochs 1 --out " + run).code, 0);
  const std::string before = get(run + "/last.safetensors");
  const Ending ended =
      Child(split(program() + " lr-find --steps 10 --limit 32 --batch 16 --weights " + run +
                      "/last.safetensors",
                  ' '),
            folder.path())
          .wait();
  ASSERT_EQ(ended.code, 0) << ended.err;
  expect_contains(ended.out, "weights: " + run + "/last.safetensors");
  EXPECT_TRUE(get(run + "/last.safetensors") == before);
  EXPECT_EQ(folder.files().size(), 1u);
}

TEST(LrFind, RefusesWhatHasNoMeaning) {
  expect_failure(outcome_of(small + "--lr 0.1"), 2,
                 {"--lr has no effect: rates from --start-lr to --end-lr are tried"});
  expect_failure(outcome_of(small + "--start-lr 1 --end-lr 0.1"), 2,
                 {"learning rates from 1 to 0.1: expected numbers above 0, the smaller one first"});
  expect_failure(outcome_of(small + "--steps 9"), 2, {"9 steps, expected at least 10"});
  expect_failure(outcome_of(small + "--svg x.png"), 2, {"x.png"});
}

}  // namespace
}  // namespace excite
