// The command compare, on runs that consist of a configuration and a log.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/support/child.h"
#include "tests/support/scratch.h"
#include "tools/training/config.h"
#include "tools/training/log.h"

namespace excite {
namespace {

struct CompareRuns : testing::Test {
  const ScratchFolder folder;
  std::string put_run(const std::string& name, double lr, long seed, double accuracy,
                      long finished = 2) {
    Recipe recipe;
    recipe.lr = lr, recipe.seed = seed, recipe.epochs = 2, recipe.warmup = 0;
    const std::string path = folder / name;
    std::filesystem::create_directory(path);
    write_config(path + "/config.json", make_config(recipe, {}, "builtin", OnBadImage::skip));
    for (long epoch = 1; epoch <= finished; epoch++)
      write_log_row(path + "/log.csv",
                    {epoch, 1, 0.5, SetResult{1, 0.5}, SetResult{1, accuracy}, lr, 1, 1, 1, 1});
    return path;
  }
};

// The example of tools/README.md.
TEST_F(CompareRuns, GroupsRunsThatDifferInTheirSeedsAlone) {
  std::vector<std::string> words{"compare"};
  for (long seed = 0; seed < 3; seed++) {
    const double more = 0.02 * static_cast<double>(seed);
    words.push_back(put_run("a" + std::to_string(seed), 0.1, seed, 0.70 + more));
    words.push_back(put_run("b" + std::to_string(seed), 0.2, seed, 0.75 + more));
  }
  const Ending table = excite_program(words);
  ASSERT_EQ(table.code, 0) << table.err;
  for (const char* line : {"test accuracy of the last epoch",
                           "    1     3   72.00       2.00  67.03 to 76.97  lr=0.1\n",
                           "    2     3   77.00       2.00  72.03 to 81.97  lr=0.2\n",
                           "   2 - 1       +5.00  +0.47 to +9.53"})
    expect_contains(table.out, line);
  words.push_back("--json");
  const nlohmann::json json = nlohmann::json::parse(excite_program(words).out);
  EXPECT_EQ(json["groups"].size(), 2u);
  EXPECT_NEAR(json["groups"][0]["mean"].get<double>(), 0.72, 1e-9);
  EXPECT_NEAR(json["differences"][0]["interval"][0].get<double>(), 0.0047, 1e-4);
  EXPECT_EQ(json["groups"][1]["runs"][2]["seed"], 2);
}

TEST_F(CompareRuns, OfOneRunKnowsNoInterval) {
  const Ending ended = excite_program({"compare", put_run("a", 0.1, 0, 0.5)});
  ASSERT_EQ(ended.code, 0) << ended.err;
  expect_contains(ended.out, "unknown of one run");
  expect_contains(ended.out, "se_resnet20");
}

TEST_F(CompareRuns, RefusesTheSameRunTwiceAndOneThatIsNotFinished) {
  const std::string a = put_run("a", 0.1, 0, 0.5), b = put_run("b", 0.1, 0, 0.5);
  expect_failure(excite_program({"compare", a, b}), 2,
                 {"have the same recipe and the seed 0, so they are the same run"});
  expect_failure(excite_program({"compare", put_run("c", 0.1, 1, 0.5, 1)}), 2,
                 {"the run has finished 1 of 2 epochs; continue it with --resume first"});
  expect_failure(excite_program({"compare", folder / "none"}), 3, {"none/config.json"});
}

}  // namespace
}  // namespace excite
