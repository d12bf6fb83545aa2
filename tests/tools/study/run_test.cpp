// The script that trains the runs of the study, on small networks and few images.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "core/text.h"
#include "tests/support/child.h"
#include "tests/support/image_folder.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

struct StudyScript : testing::Test {
  const ScratchFolder folder;
  StudyScript() {
    for (const std::string set : {"train", "test"})
      for (long i = 0; i < 8; i++)
        put_image(folder / ("data/" + set + (i % 2 ? "/a/" : "/b/") + std::to_string(i) + ".png"),
                  noise_image(8, 8, i));
    put(folder / "arms.csv",
        "arm,seeds,model,options\nplain,2,resnet8,\nse,2,se_resnet8,\nr4,1,se_resnet8,reduction="
        "4\n");
  }
  Ending run(const std::string& arguments_before, const std::string& last = "2") const {
    return shell("export ARMS=" + (folder / "arms.csv") + " CSV=" + (folder / "runs.csv") +
                 " GATES=" + (folder / "gates.csv") + " RUNS=" + (folder / "runs") +
                 " EPOCHS=1; tools/study/run " + arguments_before + " $EXCITE " +
                 (folder / "data") + " " + last);
  }
  std::vector<std::string> rows(const std::string& file) const {
    std::vector<std::string> all = split(get(folder / file), '\n');
    std::sort(all.begin(), all.end());
    return all;
  }
};

// 5 runs; without a line of the table, its run is resumed, and finds itself finished.
TEST_F(StudyScript, TrainsWhatIsMissingAndRepeatsWhatIsThere) {
  const Ending first = run("");
  ASSERT_EQ(first.code, 0) << first.err;
  const std::vector<std::string> all = rows("runs.csv");
  ASSERT_EQ(all.size(), 6u) << get(folder / "runs.csv");
  EXPECT_EQ(all[0], "arm,seed,accuracy,loss,sha256,seconds,version,cpu");
  for (std::size_t i = 1; i < all.size(); i++) EXPECT_EQ(split(all[i], ',').size(), 8u) << all[i];
  EXPECT_TRUE(all[1].starts_with("plain,1,") && all[5].starts_with("se,2,"));
  EXPECT_EQ(rows("gates.csv").size(), 1u + 2 * 2 * 3) << "two numbers of three blocks, two nets";

  const Ending again = run("");
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(again.out, "") << "nothing is missing";

  shell("sed -i /^r4,1/d " + (folder / "runs.csv"));
  put(folder / "runs/r4-1.seconds", "1000\n");
  EXPECT_EQ(run("").code, 0);
  EXPECT_GE(std::stol(split(rows("runs.csv")[3], ',')[5]), 1000) << "resumed";
  EXPECT_EQ(split(rows("runs.csv")[3], ',')[4], split(all[3], ',')[4]) << "the same sha256";

  shell("sed -i /^r4,1/d " + (folder / "runs.csv"));
  put(folder / "runs/r4-1.cpu", "another\n");
  EXPECT_EQ(run("").code, 0);
  EXPECT_LT(std::stol(split(rows("runs.csv")[3], ',')[5]), 1000) << "begun again";

  const std::vector<std::string> gates = rows("gates.csv");
  shell("sed -i /^se,1/d " + (folder / "runs.csv"));
  shell("sed -Ei 's/,1,[0-9.]+$/,1,older/' " + (folder / "gates.csv"));
  EXPECT_EQ(run("").code, 0);
  EXPECT_EQ(rows("gates.csv"), gates) << "the older gates of seed 1 are replaced";

  const Ending repeated = run("--repeat", "1");
  EXPECT_EQ(repeated.code, 0) << repeated.err;
  expect_contains(repeated.out, ": the same weights, ");
  shell("sed -Ei 's/,[0-9a-f]{64},/,0000,/' " + (folder / "runs.csv"));
  const Ending other = run("--repeat", "1");
  EXPECT_NE(other.code, 0);
  expect_contains(other.err, ": other weights: ");
  shell("sed -Ei '2,$s/[^,]*$/another/' " + (folder / "runs.csv"));
  const Ending none = run("--repeat", "1");
  EXPECT_EQ(none.code, 1);
  expect_contains(none.err, "runs.csv has no run of this kind of CPU, ");
}

TEST_F(StudyScript, EndsWithAnErrorAndNoLineIfARunFails) {
  put(folder / "arms.csv", "arm,seeds,model,options\nplain,1,resnet9000,\n");
  const Ending failed = run("");
  EXPECT_NE(failed.code, 0);
  expect_contains(failed.err, "study: plain, seed 1: not finished; its log is ");
  EXPECT_EQ(rows("runs.csv").size(), 1u);
}

// All arms of the plan, two seeds each, and the gates of two networks.
TEST(StudyReport, IsMadeOfTheTablesAlone) {
  const ScratchFolder folder;
  std::string runs = "arm,seed,accuracy,loss,sha256,seconds,version,cpu\n",
              gates = "statistic,seed,share\n";
  const std::vector<std::string> rows = split(get("tools/study/arms.csv"), '\n');
  for (std::size_t i = 1; i < rows.size(); i++)
    for (const char* end : {",1,0.85,0.4,aa,1800,x,y\n", ",2,0.86,diverged,bb,1800,x,y\n"})
      runs += rows[i].substr(0, rows[i].find(',')) + end;
  for (const std::string block : {"layer1.2.se", "layer2.2.se", "layer3.0.se", "layer3.2.se"})
    for (const std::string statistic : {" between", " open"})
      gates += block + statistic + ",1,0.1\n" + block + statistic + ",2,0.2\n";
  put(folder / "runs.csv", runs);
  put(folder / "gates.csv", gates);
  const Ending made = shell("tools/study/report $EXCITE " + folder.path());
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(made.out, get(folder / "RESULTS.md"));
  expect_contains(made.out, "\n18 of 59 runs, 9.0 hours of processor time, 9 diverged.\n");
  expect_contains(made.out, "\n    se > plain (primary)                               +0.00  ");
  expect_contains(made.out, "\n    layer3.2.se open > layer3.0.se open                +0.00  ");
  EXPECT_EQ(made.out.find("missing"), std::string::npos);
  for (const char* figure : {"runs.svg", "gates.svg"})
    EXPECT_TRUE(get(folder / figure).starts_with("<svg"));
}

}  // namespace
}  // namespace excite
