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
  EXPECT_EQ(all[0], "arm,seed,accuracy,loss,sha256,seconds,version");
  for (std::size_t i = 1; i < all.size(); i++) EXPECT_EQ(split(all[i], ',').size(), 7u) << all[i];
  EXPECT_TRUE(all[1].starts_with("plain,1,") && all[5].starts_with("se,2,"));
  EXPECT_EQ(rows("gates.csv").size(), 1u + 2 * 2 * 3) << "two numbers of three blocks, two nets";

  const Ending again = run("");
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(again.out, "") << "nothing is missing";

  shell("sed -i /^r4,1/d " + (folder / "runs.csv"));
  EXPECT_EQ(run("").code, 0);
  EXPECT_EQ(split(rows("runs.csv")[3], ',')[4], split(all[3], ',')[4]) << "the same sha256";

  const Ending repeated = run("--repeat", "1");
  EXPECT_EQ(repeated.code, 0) << repeated.err;
  expect_contains(repeated.out, ": the same weights, ");
  shell("sed -Ei 's/,[0-9a-f]{64},/,0000,/' " + (folder / "runs.csv"));
  const Ending other = run("--repeat", "1");
  EXPECT_NE(other.code, 0);
  expect_contains(other.err, ": other weights: ");
}

TEST_F(StudyScript, EndsWithAnErrorAndNoLineIfARunFails) {
  put(folder / "arms.csv", "arm,seeds,model,options\nplain,1,resnet9000,\n");
  const Ending failed = run("");
  EXPECT_NE(failed.code, 0);
  expect_contains(failed.err, "study: plain, seed 1: not finished; its log is ");
  EXPECT_EQ(rows("runs.csv").size(), 1u);
}

}  // namespace
}  // namespace excite
