// The predictions of tools/bench/scaling, against steps computed by hand.
#include <gtest/gtest.h>

#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

std::string measured(long batch, long milliseconds, const std::string& messages, long ranks = 1) {
  return text(R"({"batch": )", batch, R"(, "ranks": )", ranks, R"(, "step_milliseconds": {"min": )",
              milliseconds, R"(}, "messages": )", messages, "}");
}

// A sum of 1000 bytes to all ranks, and one of 10,000 in halves: to each rank its half, and the
// results to all.
const std::string one_by_one = "[[\"values\", 1000], [\"slices\", 5000], [\"results\", 5000]]";

std::string predict(const std::vector<std::string>& options,
                    const std::string& messages = one_by_one) {
  const ScratchFolder folder;
  put(folder / "one.json", measured(128, 100, "[]"));
  put(folder / "small.json", measured(64, 60, "[]"));
  put(folder / "two.json", measured(128, 55, messages, 2));
  std::vector<std::string> words{"python3", "tools/bench/scaling/scaling", folder / "one.json",
                                 folder / "small.json", folder / "two.json"};
  words.insert(words.end(), options.begin(), options.end());
  const Ending ending = Child(words).wait();
  EXPECT_EQ(ending.code, 0) << ending.err;
  return ending.out;
}

// An image takes (100 - 60) / (128 - 64) = 0.625 ms, and a step 100 - 128 * 0.625 = 20 ms more.
TEST(Scaling, OneRankComputesAlone) { EXPECT_EQ(predict({"--ranks", "1"}), "100.0 ms\n"); }

// 16 of 64 shards: 20 + 80 / 4 = 40 ms. Three calls of two rounds of 1 ms: 6 ms. 3,000 bytes, and
// twice 10,000 * 3 / 4, are 18,000, which take 10 ms.
TEST(Scaling, FourRanksComputeAQuarterAndExchangeSums) {
  EXPECT_EQ(predict({"--ranks", "4", "--latency", "1000", "--gbit", "0.0144"}), "56.0 ms\n");
}

// The same calls, but the first one comes while the slices are on their way. Their two calls take 4
// ms, and their bytes 8.3 ms, less than the backward pass, two thirds of 40 ms. A network of a
// twentieth of the rate takes 170.7 ms for them, 144 more than that, and 2 + 33.3 ms for the rest.
TEST(Scaling, SlicesAreSentDuringTheBackwardPass) {
  const std::string meanwhile = "[[\"slices\", 5000], [\"values\", 1000], [\"results\", 5000]]";
  EXPECT_EQ(predict({"--ranks", "4", "--latency", "1000", "--gbit", "0.0144"}, meanwhile),
            "43.7 ms\n");
  EXPECT_EQ(predict({"--ranks", "4", "--latency", "1000", "--gbit", "0.00072"}, meanwhile),
            "219.3 ms\n");
}

// On two cores the ranks take turns: 80 ms of computation.
TEST(Scaling, RanksThatShareACoreTakeTurns) {
  EXPECT_EQ(predict({"--ranks", "4", "--cores", "2", "--latency", "1000", "--gbit", "0.0144"}),
            "96.0 ms\n");
}

// The slowest of three has 22 of 64 shards: 47.5 ms. 2,000 bytes, and twice 10,000 * 2 / 3, take
// 8.5 ms.
TEST(Scaling, TheSlowestRankCounts) {
  EXPECT_EQ(predict({"--ranks", "3", "--latency", "1000", "--gbit", "0.0144"}), "62.0 ms\n");
}

TEST(Scaling, RefusesMeasurementsAndRanksThatDoNotFit) {
  const ScratchFolder folder;
  put(folder / "one.json", measured(128, 100, "[]"));
  put(folder / "small.json", measured(64, 60, "[]"));
  put(folder / "two.json", measured(128, 55, one_by_one, 2));
  put(folder / "four.json", measured(128, 55, one_by_one, 4));
  const auto refused = [&](const char* small, const char* two, const char* ranks,
                           const std::string& error) {
    const Ending ending = Child({"python3", "tools/bench/scaling/scaling", folder / "one.json",
                                 folder / small, folder / two, "--ranks", ranks})
                              .wait();
    EXPECT_EQ(ending.code, 2);
    expect_contains(ending.err, error);
  };
  refused("one.json", "two.json", "2", "has batch 128, expected less than the 128 of");
  refused("small.json", "four.json", "2", "has batch 128 on 4 ranks, expected batch 128 on 2");
  refused("small.json", "two.json", "65", "a batch of 128 has 64 shards, expected at most one");
}

// 64 ranks have a shard each: 20 + 80 / 64 = 21.25 ms, of which 100 / 64 are 7 %.
TEST(Scaling, PrintsATableOfEfficiencies) {
  const std::string table = predict({"--latency", "0", "--gbit", "1e9"});
  EXPECT_NE(table.find("| ranks | batch 128 | batch 256 |"), std::string::npos) << table;
  EXPECT_NE(table.find("| 1 | 100 | 100 |"), std::string::npos) << table;
  EXPECT_NE(table.find("\n| 64 | 7 |"), std::string::npos) << table;
  EXPECT_NE(table.find("\n| 128 |  |"), std::string::npos) << table;
}

}  // namespace
}  // namespace excite
