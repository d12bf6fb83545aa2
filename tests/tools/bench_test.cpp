// What bench prints, not how fast it is: no test here depends on the clock.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "core/text.h"
#include "tests/compare.h"
#include "tests/core/files/scratch.h"
#include "tests/tools/child.h"

namespace excite {
namespace {

Ending bench(const std::vector<std::string>& more) {
  std::vector<std::string> all{"bench", "--model", "se_resnet8", "--batch", "4", "--threads", "1", "--seconds", "0"};
  all.insert(all.end(), more.begin(), more.end());
  return excite_program(all);
}

// The numbers of the row whose name is `what`: calls, forward, backward, total, share.
std::vector<double> row(const std::string& table, const std::string& what) {
  for (const std::string& line : split(table, '\n')) {
    if (!line.starts_with(what + "  ")) continue;
    std::vector<double> numbers;
    const char* at = line.c_str() + what.size();
    for (char* end = nullptr; numbers.size() < 5; at = end) numbers.push_back(std::strtod(at, &end));
    return numbers;
  }
  ADD_FAILURE() << "no row " << what << " in\n" << table;
  return std::vector<double>(5);
}

TEST(Bench, EndsWithPicturesASecond) {
  for (const std::string mode : {"train", "infer"}) {
    const Ending ending = bench({"--mode", mode});
    ASSERT_EQ(ending.code, 0) << ending.err;
    const std::vector<std::string> lines = split(ending.out, '\n');
    ASSERT_TRUE(lines.back().starts_with("pictures/s ")) << lines.back();
    EXPECT_GT(std::strtod(lines.back().c_str() + 11, nullptr), 0);
    expect_contains(lines.front(), "se_resnet8, " + mode + ", batch 4, 1 thread, ");
  }
}

// SE-ResNet-8: the stem, two convolutions in each of three blocks, and two projections; each convolution has its batch_norm, which but for the
// projections' is part of a larger operation.
TEST(Bench, ShowsEachOperationOfATrainingStepForwardAndBackward) {
  const std::string table = bench({"--mode", "train"}).out;
  EXPECT_EQ(row(table, "conv2d")[0], 9);
  EXPECT_EQ(row(table, "batch_norm_relu")[0], 4);
  EXPECT_EQ(row(table, "block_tail")[0], 3);
  EXPECT_EQ(row(table, "batch_norm")[0], 2);
  EXPECT_EQ(row(table, "log_softmax")[0], 1);
  for (const int direction : {1, 2}) EXPECT_GT(row(table, "conv2d")[static_cast<std::size_t>(direction)], 0);
  EXPECT_EQ(row(table, "(making the batch)")[0], 1);
  EXPECT_EQ(row(table, "(optimizer)")[0], 1);
}

TEST(Bench, PlainRunsTheOperationsOneByOne) {
  const std::string table = bench({"--mode", "train", "--plain"}).out;
  EXPECT_EQ(row(table, "batch_norm")[0], 9);
  EXPECT_EQ(row(table, "scale_channels")[0], 3);
  EXPECT_EQ(table.find("block_tail"), std::string::npos);
}

TEST(Bench, InferenceHasNoBackwardAndFoldsBatchNorm) {
  const std::string table = bench({"--mode", "infer"}).out;
  EXPECT_EQ(row(table, "conv2d")[0], 4 * 9) << "four pictures, one at a time";
  EXPECT_EQ(row(table, "conv2d")[2], 0);
  EXPECT_EQ(table.find("batch_norm"), std::string::npos);
  EXPECT_EQ(table.find("log_softmax"), std::string::npos);
}

TEST(Bench, LimitsAreThoseOfSomeMachine) {
  const Ending ending = excite_program({"bench", "--limits", "--threads", "1"});
  ASSERT_EQ(ending.code, 0) << ending.err;
  double gflops = 0, gbytes = 0;
  ASSERT_EQ(std::sscanf(ending.out.c_str(), in_double_build ? "1 thread, double: %lf GFLOP/s of multiply-adds in registers, %lf GB/s"
                                                            : "1 thread, float: %lf GFLOP/s of multiply-adds in registers, %lf GB/s", &gflops, &gbytes), 2)
      << ending.out;
  EXPECT_GT(gflops, 0.1);
  EXPECT_GT(gbytes, 0.1);
}

TEST(Compare, SaysHowItIsUsed) {
  for (const char* arguments : {"", "train se_resnet20 2 128 build/excite", "learn se_resnet20 2 128 -- build/excite"}) {
    const Ending ending = shell(std::string("tools/peers/compare ") + arguments);
    EXPECT_EQ(ending.code, 1) << arguments;
    expect_contains(ending.err, "usage: compare train|infer MODEL THREADS BATCH");
  }
}

// A row a way, the ways that a shape can take in one block; of y, dx and dw one way is marked as taken.
TEST(Bench, OpsComparesEveryWayAndMarksTheOneThatIsTaken) {
  const Ending ending = bench({"--ops"});
  ASSERT_EQ(ending.code, 0) << ending.err;
  long shapes = 0, winograd = 0;
  std::vector<long> marks;
  for (const std::string& line : split(ending.out.substr(ending.out.find("convolution ")), '\n')) {
    if (line.find(" gemm ") != std::string::npos) shapes++, marks.push_back(0);
    winograd += line.find(" winograd ") != std::string::npos;
    if (!marks.empty()) marks.back() += std::count(line.begin(), line.end(), '*');
  }
  EXPECT_EQ(shapes, 13);
  EXPECT_EQ(winograd, 7);  // 3x3 at stride 1, without groups
  EXPECT_EQ(marks, std::vector<long>(13, 3));
}

TEST(Bench, RefusesModesAndModelsThatAreNot) {
  expect_failure(bench({"--mode", "tain"}), 2, {"bench: ", "tain", "the nearest is train"});
  expect_failure(excite_program({"bench", "--model", "se_resnet2"}), 2, {"se_resnet2", "the nearest is se_resnet20"});
  expect_failure(excite_program({"bench", "--batch", "0"}), 2, {"bench: ", "--batch"});
}

}  // namespace
}  // namespace excite
