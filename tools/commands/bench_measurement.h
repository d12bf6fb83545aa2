// What `excite bench` measures of a model, and how it is printed.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "core/memory.h"
#include "core/precision.h"
#include "core/ranks.h"
#include "models/zoo/registry.h"
#include "tools/bench/limits.h"
#include "tools/bench/profile/op_summary.h"

namespace excite {

// One step of training or inference. record() runs the same step and appends the time of each of
// its operations. It runs on `record_threads` threads.
struct BenchStep {
  std::function<void()> run;
  std::function<void(std::vector<Record>&)> record;
  int record_threads;
  Ranks* ranks = nullptr;  // that run the step together; all of them measure
};

struct Measurement {
  std::vector<double> times;  // of the steps, in ms, sorted
  double process_megabytes;   // peak memory of the process
  MemoryStats memory;         // of tensors
  Limits limits;              // of the machine, on record_threads threads
  int record_threads;
  std::vector<OpSummary> operations;
  long ranks = 1;
  std::string communication{};      // per step; "" without ranks
  std::vector<Message> messages{};  // of one step
  double median() const { return times[times.size() / 2]; }
  double images_per_second(long batch) const {
    return 1000 * static_cast<double>(batch) / median();
  }
};

// Runs the step for `seconds`, at least 5 times after 3 unmeasured ones. Only then are the limits
// measured and 5 more steps recorded, so that recording does not slow down the measured steps.
Measurement measure_steps(const BenchStep& step, double seconds);

// What was measured.
struct BenchSubject {
  const Model& model;
  std::string mode;  // train | infer
  long batch;
  int threads;
  bool plain;
  std::string conv;
  Precision precision;
  std::string batch_norm;  // under mpirun: whole | local
};
void print_measurement(const BenchSubject& subject, const Measurement& measurement);
void print_measurement_as_json(const BenchSubject& subject, const Measurement& measurement);

// Of threads() threads: "2 threads, float: 150 GFLOP/s of multiply-adds in registers, 20.0 GB/s
// read from memory, 300 GFLOP/s in bfloat16"; the last only where this build has it
std::string describe(const Limits& limits);

}  // namespace excite
