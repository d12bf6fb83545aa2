// The output of bench. No test here depends on how fast the machine is.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/text.h"
#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

const bool in_double = program_precision() == "double";

// With four images on one thread, unless `more` has other options.
Ending bench(const std::vector<std::string>& more) {
  std::vector<std::string> all{"bench", "--batch", "4", "--seconds", "0"};
  for (const auto& [option, value] : {std::pair{"--model", "se_resnet8"}, {"--threads", "1"}})
    if (std::count(more.begin(), more.end(), option) == 0) all.insert(all.end(), {option, value});
  all.insert(all.end(), more.begin(), more.end());
  return excite_program(all);
}

// The numbers in the row of an operation: calls, ms, GFLOP/s, GB/s, share of the step. An operation
// without counted work has only calls and ms.
std::vector<double> row(const std::string& table, const std::string& operation,
                        const std::string& pass) {
  for (const std::string& line : split(table, '\n')) {
    std::istringstream words(line);
    std::string first, second;
    const bool named = line.starts_with(operation + " ");
    if (named) words.ignore(static_cast<std::streamsize>(operation.size()));
    if (!named || !(words >> second) || second != pass) continue;
    std::vector<double> numbers;
    for (double number; words >> number;) numbers.push_back(number);
    return numbers;
  }
  ADD_FAILURE() << "no row " << operation << " " << pass << " in\n" << table;
  return std::vector<double>(5);
}

TEST(Bench, EndsWithImagesPerSecond) {
  for (const std::string mode : {"train", "infer"}) {
    const Ending ending = bench({"--mode", mode});
    ASSERT_EQ(ending.code, 0) << ending.err;
    const std::vector<std::string> lines = split(ending.out, '\n');
    std::istringstream last(lines.back());
    std::string unit;
    double rate = 0;
    last >> unit >> rate;
    EXPECT_EQ(unit, "images/s") << lines.back();
    EXPECT_GT(rate, 0) << lines.back();
    expect_contains(lines.front(), "se_resnet8, " + mode + ", batch 4, 1 thread, ");
  }
}

// SE-ResNet-8 has the stem, two convolutions in each of three blocks, and two projections. Each
// convolution is followed by a batch norm. Those of the projections are operations of their own;
// the others are fused, that of a block's first convolution with the second convolution.
TEST(Bench, ShowsEachOperationOfATrainingStepForwardAndBackward) {
  const std::string table = bench({"--mode", "train"}).out;
  for (const std::string pass : {"forward", "backward"}) {
    EXPECT_EQ(row(table, "conv2d", pass)[0], 6);
    EXPECT_EQ(row(table, "batch_norm_relu_conv2d", pass)[0], 3);
    EXPECT_EQ(row(table, "batch_norm_relu", pass)[0], 1);
    EXPECT_EQ(row(table, "bn_se_add_relu", pass)[0], 3);
    EXPECT_EQ(row(table, "batch_norm", pass)[0], 2);
    EXPECT_EQ(row(table, "log_softmax", pass)[0], 1);
    EXPECT_EQ(row(table, "matmul", pass)[0], 1) << "those of the gates are inside bn_se_add_relu";
    ASSERT_EQ(row(table, "conv2d", pass).size(), 5u);
    EXPECT_GT(row(table, "conv2d", pass)[1], 0)
        << "milliseconds; rates may round to 0.0 on a slow machine, see PrintsTheSameAsJson";
  }
  EXPECT_EQ(row(table, "(making the batch)", "batch")[0], 1);
  EXPECT_EQ(row(table, "(optimizer)", "optimizer")[0], 1);
}

TEST(Bench, PrintsTheLimitsAndTheMemoryOfTensors) {
  const std::string table = bench({"--mode", "train"}).out;
  double live = 0, peak = 0, gflops = 0;
  ASSERT_EQ(std::sscanf(table.c_str() + table.find("tensors: "),
                        "tensors: %lf MB between steps, %lf MB at the peak", &live, &peak),
            2)
      << table;
  EXPECT_GT(live, 0);
  EXPECT_GT(peak, live);
  const std::string limits = text("limits of 1 thread, ", in_double ? "double: " : "float: ");
  expect_contains(table, limits);
  EXPECT_EQ(std::sscanf(table.c_str() + table.find(limits) + limits.size(),
                        "%lf GFLOP/s of multiply-adds in registers", &gflops),
            1);
  EXPECT_GT(gflops, 0.1);
}

TEST(Bench, PlainDisablesFusedOperations) {
  const std::string table = bench({"--mode", "train", "--plain"}).out;
  EXPECT_EQ(row(table, "batch_norm", "forward")[0], 9);
  EXPECT_EQ(row(table, "scale_channels", "backward")[0], 3);
  EXPECT_EQ(table.find("bn_se_add_relu"), std::string::npos);
}

TEST(Bench, AConvolutionAlgorithmOtherThanAutoDisablesFusedOperations) {
  const std::string train = bench({"--mode", "train", "--conv", "blas"}).out;
  EXPECT_EQ(row(train, "batch_norm", "forward")[0], 9);
  EXPECT_EQ(train.find("bn_se_add_relu"), std::string::npos);
  const std::string infer = bench({"--mode", "infer", "--conv", "blas"}).out;
  EXPECT_EQ(row(infer, "batch_norm_running", "forward")[0], 4 * 9) << "no batch norm is folded";
}

// Several threads work on different images at once, so operations are recorded on one thread, and
// the limits are those of one thread.
TEST(Bench, InferenceHasNoBackwardFoldsBatchNormAndIsRecordedOnOneThread) {
  const std::string table = bench({"--mode", "infer", "--threads", "2"}).out;
  expect_contains(table, "se_resnet8, infer, batch 4, 2 threads, ");
  expect_contains(table, "limits of 1 thread, ");
  expect_contains(table, "Operations of a step on 1 thread:");
  EXPECT_EQ(row(table, "conv2d", "forward")[0], 4 * 9) << "four images, one at a time";
  for (const char* none : {" backward ", "batch_norm", "log_softmax"})
    EXPECT_EQ(table.find(none), std::string::npos) << none;
}

TEST(Bench, PrintsTheSameAsJson) {
  for (const std::string mode : {"train", "infer"}) {
    const Ending ending = bench({"--mode", mode, "--json"});
    ASSERT_EQ(ending.code, 0) << ending.err;
    const nlohmann::json json = nlohmann::json::parse(ending.out);
    EXPECT_EQ(json.at("model"), "se_resnet8");
    EXPECT_EQ(json.at("options").at("reduction"), "16");
    EXPECT_EQ(json.at("mode"), mode);
    EXPECT_EQ(json.at("batch"), 4);
    EXPECT_EQ(json.at("threads"), 1);
    EXPECT_EQ(json.at("precision"), in_double ? "double" : "float");
    const nlohmann::json& step = json.at("step_milliseconds");
    EXPECT_DOUBLE_EQ(json.at("images_per_second"), 4000 / step.at("median").get<double>());
    EXPECT_LE(step.at("min"), step.at("median"));
    EXPECT_LE(step.at("median"), step.at("max"));
    EXPECT_GE(json.at("steps"), 5);
    EXPECT_GT(json.at("peak_megabytes"), json.at("tensor_megabytes").at("peak"));
    EXPECT_GE(json.at("tensor_megabytes").at("peak"), json.at("tensor_megabytes").at("live"));
    for (const char* limit : {"gflop_per_second", "gb_per_second"})
      EXPECT_GT(json.at("limits").at(limit), 0.1);
    double all = 0;
    for (const nlohmann::json& o : json.at("operations")) {
      all += o.at("share_of_step").get<double>();
      if (o.at("operation") != "conv2d") continue;
      for (const char* rate : {"gflop_per_second", "gb_per_second", "share_of_limit"})
        EXPECT_GT(o.at(rate), 0) << mode;
    }
    EXPECT_NEAR(all, 1, 1e-9);
  }
}

// Two flops per multiply-add, four images. The built-in images are resized to the size that the
// model is made for.
TEST(Bench, CountsTheSameFlopsAsSummary) {
  for (const char* model : {"resnet8", "resnet18"}) {
    const nlohmann::json summary = nlohmann::json::parse(
        excite_program({"summary", "--model", model, "--classes", "10", "--json"}).out);
    const nlohmann::json json =
        nlohmann::json::parse(bench({"--model", model, "--mode", "infer", "--json"}).out);
    double gflop = 0;
    for (const nlohmann::json& o : json.at("operations"))
      if (o.at("operation") == "conv2d" || o.at("operation") == "matmul")
        gflop += o.at("gflop").get<double>();
    EXPECT_DOUBLE_EQ(1e9 * gflop, 4 * 2 * summary.at("macs").get<double>()) << model;
  }
}

TEST(Bench, LimitsArePlausible) {
  const Ending ending = excite_program({"bench", "--limits", "--threads", "1"});
  ASSERT_EQ(ending.code, 0) << ending.err;
  double gflops = 0, gbytes = 0;
  ASSERT_EQ(std::sscanf(
                ending.out.c_str(),
                in_double ? "1 thread, double: %lf GFLOP/s of multiply-adds in registers, %lf GB/s"
                          : "1 thread, float: %lf GFLOP/s of multiply-adds in registers, %lf GB/s",
                &gflops, &gbytes),
            2)
      << ending.out;
  EXPECT_GT(gflops, 0.1);
  EXPECT_GT(gbytes, 0.1);
}

// A build without bfloat16 says so.
TEST(Bench, InfersInBfloat16WhereTheBuildHasIt) {
  const Ending ending = bench({"--mode", "infer", "--precision", "bf16"});
  if (program_has_bfloat16()) {
    EXPECT_EQ(ending.code, 0) << ending.err;
    expect_contains(ending.out, "se_resnet8, infer, batch 4, 1 thread, bfloat16: ");
    expect_contains(ending.out, " GFLOP/s in bfloat16\n");
  } else {
    expect_failure(ending, 1, {"bench: bfloat16: this build has no bfloat16 products"});
  }
  expect_failure(bench({"--mode", "train", "--precision", "bf16"}), 2,
                 {"bench: --precision bf16 is for inference: add --mode infer"});
  expect_failure(bench({"--mode", "infer", "--batch-norm", "local"}), 2,
                 {"bench: --batch-norm is for training, and --mode is infer"});
  for (const std::vector<std::string>& other :
       std::vector<std::vector<std::string>>{{"--plain"}, {"--conv", "blas"}}) {
    std::vector<std::string> all{"--mode", "infer", "--precision", "bf16"};
    all.insert(all.end(), other.begin(), other.end());
    expect_failure(bench(all), 2,
                   {"bench: --precision bf16 cannot be combined with --plain or --conv"});
  }
  expect_failure(bench({"--precision", "bf61"}), 2,
                 {"bench: --precision bf61: expected full or bf16; the nearest is bf16"});
}

TEST(Compare, PrintsItsUsage) {
  for (const char* arguments :
       {"", "train se_resnet20 2 128 build/excite", "learn se_resnet20 2 128 -- build/excite"}) {
    const Ending ending = shell(std::string("tools/bench/peers/compare ") + arguments);
    EXPECT_EQ(ending.code, 1) << arguments;
    expect_contains(ending.err, "usage: compare train|infer MODEL THREADS BATCH");
  }
}

// The command prints a rate that depends on the threads it is given: 3 with `--threads 2`, and 1 in
// each of two processes with `--threads 1`.
TEST(PeersThreads, ComparesTwoThreadsWithTwoProcessesTogether) {
  const Ending ending =
      shell("tools/bench/peers/threads 2 -- sh -c 'echo images/s $(( $1 * 2 - 1 ))'");
  EXPECT_EQ(ending.code, 0) << ending.err;
  expect_contains(ending.out, "two threads / two processes 1.500");
  expect_contains(shell("tools/bench/peers/threads 2 -- echo nothing").err,
                  "printed no line 'images/s N'");
  expect_contains(shell("tools/bench/peers/threads").err, "usage: threads ROUNDS -- COMMAND");
}

// Of the convolutions, one row per algorithm and one block per shape. For each of y, dx and dw the
// algorithm that conv2d chooses is marked.
void expect_chosen_algorithms(const std::string& convolutions) {
  long shapes = 0, winograd = 0;
  std::vector<long> marks;
  for (const std::string& line : split(convolutions, '\n')) {
    if (line.find(" reference ") != std::string::npos) shapes++, marks.push_back(0);
    winograd += line.find(" winograd ") != std::string::npos;
    if (!marks.empty()) marks.back() += std::count(line.begin(), line.end(), '*');
  }
  EXPECT_EQ(shapes, 14);
  EXPECT_EQ(winograd, 7);  // 3x3 at stride 1, without groups
  EXPECT_EQ(marks, std::vector<long>(14, 3));
}

// Five operations on the three stages of SE-ResNet-20: four times, and the errors of value and
// gradients.
void expect_small_errors(const std::string& fused) {
  long rows = 0;
  for (const std::string& line : split(fused, '\n')) {
    const std::size_t end = line.find(']');
    if (end == std::string::npos) continue;
    rows++;
    std::istringstream numbers(line.substr(end + 1));
    double times[4], value = 1, gradients = 1;
    for (double& time : times) {
      numbers >> time;
      EXPECT_GT(time, 0) << line;
    }
    numbers >> value >> gradients;
    EXPECT_LT(value, in_double ? 1e-12 : 1e-4) << line;
    EXPECT_LT(gradients, in_double ? 1e-11 : 1e-3) << line;
  }
  EXPECT_EQ(rows, 15);
}

TEST(Bench, OpsMarksTheChosenAlgorithmsAndComparesFusedOperationsWithTheComposedOnes) {
  const Ending ending = excite_program({"bench", "--ops", "--batch", "4", "--threads", "1"});
  ASSERT_EQ(ending.code, 0) << ending.err;
  const std::string& all = ending.out;
  expect_chosen_algorithms(all.substr(all.find("convolution "), all.find("Milliseconds")));
  expect_small_errors(all.substr(all.find("composed:")));
}

TEST(Bench, RefusesUnknownModesAndModels) {
  expect_failure(bench({"--mode", "tain"}), 2, {"bench: ", "tain", "the nearest is train"});
  expect_failure(excite_program({"bench", "--model", "se_resnet2"}), 2,
                 {"se_resnet2", "the nearest is se_resnet20"});
  expect_failure(excite_program({"bench", "--batch", "0"}), 2, {"bench: ", "--batch"});
  for (const char* other : {"--ops", "--limits"})
    expect_failure(bench({"--json", other}), 2,
                   {"bench: --json cannot be combined with --ops or --limits", other});
}

TEST(Bench, RefusesOptionsThatHaveNoEffect) {
  const auto refused = [](const std::vector<std::string>& options, const std::string& error) {
    std::vector<std::string> all{"bench"};
    all.insert(all.end(), options.begin(), options.end());
    expect_failure(excite_program(all), 2, {"bench: " + error});
  };
  refused({"--limits", "--ops"}, "--limits cannot be combined with --ops");
  refused({"--limits", "--batch", "4"},
          "--batch has no effect with --limits; expected only --threads");
  refused({"--ops", "--model", "resnet20"},
          "--model has no effect with --ops; expected only --batch and --threads");
  refused({"--ops", "--plain"}, "--plain has no effect with --ops");
}

}  // namespace
}  // namespace excite
