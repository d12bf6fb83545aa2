#include "tools/bench/profile/op_summary.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace excite {
namespace {

using std::chrono::milliseconds;

// Two steps: a batch of 1 ms, two products forward, 2 ms and 4 ms, one backward, 10 ms, and 3 ms
// for the optimizer.
std::vector<Record> two_steps() {
  std::vector<Record> records;
  std::chrono::nanoseconds at{};
  const auto add = [&](Pass pass, const std::string& op, long took, const Work& work) {
    records.push_back({pass, op, "", {}, work, at, at + milliseconds(took)});
    at += milliseconds(took);
  };
  for (int step = 0; step < 2; step++) {
    add(Pass::batch, "(making the batch)", 1, {});
    add(Pass::forward, "matmul", 2, {1000, 100});
    add(Pass::forward, "matmul", 4, {2000, 100});
    add(Pass::backward, "matmul", 10, {6'000'000, 50'000'000});
    add(Pass::optimizer, "(optimizer)", 3, {});
  }
  return records;
}

TEST(OpSummary, IsPerStepAndSortedByTime) {
  const std::vector<OpSummary> all = summarize(two_steps(), 2);
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0].pass, Pass::backward);
  EXPECT_EQ(all[1].pass, Pass::forward);
  EXPECT_EQ(all[1].calls, 2);
  EXPECT_DOUBLE_EQ(all[1].seconds, 0.006);
  EXPECT_EQ(all[1].work.flops, 3000);
  EXPECT_EQ(all[1].work.bytes, 200);
  EXPECT_EQ(all[2].op, "(optimizer)");
  EXPECT_EQ(all[3].op, "(making the batch)");
  EXPECT_DOUBLE_EQ(total_seconds(all), 0.020);
}

// 6e6 flops in 10 ms are 0.6 GFLOP/s, 5e7 bytes are 5 GB/s. At 1 GFLOP/s and 20 GB/s the flops
// would take 6 ms, the bytes 2.5 ms.
TEST(OpSummary, JsonHasRatesAndShares) {
  const nlohmann::ordered_json rows =
      to_json(summarize(two_steps(), 2), {.gflops = 1, .gbytes = 20});
  const auto& backward = rows.at(0);
  EXPECT_EQ(backward.at("operation"), "matmul");
  EXPECT_EQ(backward.at("pass"), "backward");
  EXPECT_EQ(backward.at("calls"), 1);
  EXPECT_DOUBLE_EQ(backward.at("milliseconds"), 10);
  EXPECT_DOUBLE_EQ(backward.at("gflop"), 0.006);
  EXPECT_DOUBLE_EQ(backward.at("gflop_per_second"), 0.6);
  EXPECT_EQ(backward.at("bytes"), 50'000'000);
  EXPECT_DOUBLE_EQ(backward.at("gb_per_second"), 5);
  EXPECT_DOUBLE_EQ(backward.at("share_of_step"), 0.5);
  EXPECT_EQ(backward.at("limit"), "arithmetic");
  EXPECT_DOUBLE_EQ(backward.at("share_of_limit"), 0.6);
  EXPECT_FALSE(rows.at(2).contains("gflop")) << "the optimizer's work is not counted";
}

}  // namespace
}  // namespace excite
