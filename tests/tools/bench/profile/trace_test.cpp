#include "tools/bench/profile/trace.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/check.h"

namespace excite {
namespace {

using std::chrono::microseconds;

// A step of 1000 us: batch 100, two operations forward and backward, optimizer 100. Between any two
// records is a gap of 1 us, the time that making a record takes.
std::vector<Record> one_step(std::chrono::nanoseconds at) {
  std::vector<Record> records;
  const auto add = [&](Pass pass, const std::string& op, const std::string& layer, long took,
                       const Work& work) {
    records.push_back({pass, op, layer, Shape{2, 3}, work, at, at + microseconds(took)});
    at += microseconds(took + 1);
  };
  add(Pass::batch, "(making the batch)", "", 100, {});
  add(Pass::forward, "conv2d", "layer1.0.conv1", 200, {4'000'000, 1'000'000});
  add(Pass::forward, "relu", "after layer1.0.bn1", 100, {6, 48});
  add(Pass::backward, "relu", "after layer1.0.bn1", 100, {6, 72});
  add(Pass::backward, "conv2d", "layer1.0.conv1", 395, {8'000'000, 2'000'000});
  add(Pass::optimizer, "(optimizer)", "", 100, {});
  return records;
}

nlohmann::json trace() {
  return nlohmann::json::parse(
      trace_json(one_step(microseconds(5'000'000)), 3, {.gflops = 40, .gbytes = 10}));
}

TEST(Trace, HasASliceForEachStepPassAndOperation) {
  std::string names;
  const nlohmann::json all = trace();
  for (const auto& event : all.at("traceEvents")) {
    names += event.at("name").get<std::string>() + ";";
    EXPECT_EQ(event.at("ph"), "X");
    for (const char* key : {"pid", "tid"}) EXPECT_EQ(event.at(key), 1);
  }
  EXPECT_EQ(names,
            "step 4;(making the batch);forward;conv2d;relu;backward;relu;conv2d;(optimizer);");
}

TEST(Trace, TimesAreMicrosecondsSinceTheFirstStep) {
  const nlohmann::json events = trace().at("traceEvents");
  EXPECT_EQ(events.at(0).at("ts"), 0);
  EXPECT_EQ(events.at(0).at("dur"), 1000);
  EXPECT_EQ(events.at(2).at("ts"), 101);
  EXPECT_EQ(events.at(2).at("dur"), 301);
  EXPECT_EQ(events.at(3).at("ts"), 101);
  EXPECT_EQ(events.at(3).at("dur"), 200);
}

// 4e6 flops in 200 us are 20 GFLOP/s, and 1e6 bytes are 5 GB/s: half of the limits, 40 and 10.
TEST(Trace, OperationsHaveLayerShapeWorkAndRates) {
  const nlohmann::json conv = trace().at("traceEvents").at(3);
  EXPECT_EQ(conv.at("cat"), "forward");
  const nlohmann::json& args = conv.at("args");
  EXPECT_EQ(args.at("layer"), "layer1.0.conv1");
  EXPECT_EQ(args.at("output"), "[2, 3]");
  EXPECT_DOUBLE_EQ(args.at("gflop"), 0.004);
  EXPECT_DOUBLE_EQ(args.at("gflop_per_second"), 20);
  EXPECT_EQ(args.at("bytes"), 1'000'000);
  EXPECT_DOUBLE_EQ(args.at("gb_per_second"), 5);
  EXPECT_DOUBLE_EQ(args.at("share_of_step"), 0.2);
  EXPECT_DOUBLE_EQ(args.at("share_of_limit"), 0.5);
}

// An operation whose sums are over the whole batch exchanges them; the optimizer sends nothing.
TEST(Trace, OperationsAndStepsSayWhatTheyExchangedWithOtherRanks) {
  std::vector<Record> records = one_step(microseconds(0));
  records[1].communication = {2, 1000, 0.25e-3};
  records[4].communication = {1, 500, 0.5e-3};
  const nlohmann::json events =
      nlohmann::json::parse(trace_json(records, 0, {.gflops = 1, .gbytes = 1})).at("traceEvents");
  const nlohmann::json step = events.at(0).at("args"), conv = events.at(3).at("args");
  EXPECT_EQ(step.at("communication_calls"), 3);
  EXPECT_EQ(step.at("sent_bytes"), 1500);
  EXPECT_DOUBLE_EQ(step.at("communication_milliseconds"), 0.75);
  EXPECT_EQ(conv.at("communication_calls"), 2);
  EXPECT_EQ(conv.at("sent_bytes"), 1000);
  EXPECT_FALSE(events.at(8).at("args").contains("sent_bytes"));
  EXPECT_FALSE(trace().at("traceEvents").at(0).contains("args"));
}

TEST(Trace, NumbersItsSteps) {
  std::vector<Record> records = one_step(microseconds(0));
  for (const Record& r : one_step(microseconds(1001))) records.push_back(r);
  std::string steps;
  const nlohmann::json all =
      nlohmann::json::parse(trace_json(records, 3, {.gflops = 1, .gbytes = 1}));
  for (const auto& event : all.at("traceEvents"))
    if (event.at("cat") == "step")
      steps +=
          text(event.at("name").get<std::string>(), " at ", event.at("ts").get<double>(), "; ");
  EXPECT_EQ(steps, "step 4 at 0; step 5 at 1001; ");
}

}  // namespace
}  // namespace excite
