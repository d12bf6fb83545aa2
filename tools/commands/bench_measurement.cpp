#include "tools/commands/bench_measurement.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "core/check.h"
#include "core/parallel.h"
#include "core/text.h"
#include "tools/commands/output.h"

namespace excite {

namespace {

using Clock = std::chrono::steady_clock;
constexpr const char* full_precision = sizeof(real) == 4 ? "float" : "double";
const char* name_of(Precision precision) {
  return precision == Precision::bfloat16 ? "bfloat16" : full_precision;
}

double megabytes(long bytes) { return static_cast<double>(bytes) / (1 << 20); }

constexpr std::size_t warm_up = 3;

// In ms, sorted. Rank 0 says when there are enough.
std::vector<double> step_times(const std::function<void()>& step, double seconds, Ranks* ranks) {
  constexpr std::size_t min_steps = 5;
  const auto since = [](Clock::time_point then) {
    return std::chrono::duration<double, std::milli>(Clock::now() - then).count();
  };
  for (std::size_t i = 0; i < warm_up; i++) step();
  std::vector<double> times;
  for (const auto began = Clock::now();
       of_first_rank(ranks, times.size() < min_steps || since(began) < 1000 * seconds);) {
    const auto then = Clock::now();
    step();
    times.push_back(since(then));
  }
  std::sort(times.begin(), times.end());
  return times;
}

// Those of the subject's precision.
Limits limits_for(const BenchSubject& s, const Measurement& m) {
  Limits limits = m.limits;
  if (s.precision == Precision::bfloat16) limits.gflops = limits.bfloat16_gflops;
  return limits;
}

}  // namespace

Measurement measure_steps(const BenchStep& step, double seconds) {
  Traffic sent;  // by the steps alone
  const auto run = [&] {
    const Traffic before = step.ranks ? step.ranks->traffic() : Traffic{};
    step.run();
    if (step.ranks) sent = sent + (step.ranks->traffic() - before);
  };
  Measurement m{.times = step_times(run, seconds, step.ranks),
                .process_megabytes = peak_megabytes(),
                .memory = memory_stats(),
                .limits = {},
                .record_threads = step.record_threads,
                .operations = {}};
  if (step.ranks) {
    m.ranks = step.ranks->count();
    m.communication = describe(sent, std::ssize(m.times) + static_cast<long>(warm_up));
    step.ranks->record(&m.messages);
    step.run();
    step.ranks->record(nullptr);
  }
  set_threads(step.record_threads);
  m.limits = measure_limits();
  constexpr long recorded_steps = 5;
  std::vector<Record> records;
  for (long i = 0; i < recorded_steps; i++) step.record(records);
  m.operations = summarize(records, recorded_steps);
  return m;
}

std::string describe(const Limits& limits) {
  char words[120];
  std::snprintf(words, sizeof words,
                "%s, %s: %.0f GFLOP/s of multiply-adds in registers, %.1f GB/s read from memory",
                counted(threads(), "thread").c_str(), full_precision, limits.gflops, limits.gbytes);
  if (limits.bfloat16_gflops == 0) return words;
  return text(words, ", ", std::lround(limits.bfloat16_gflops), " GFLOP/s in bfloat16");
}

void print_measurement(const BenchSubject& s, const Measurement& m) {
  std::printf(
      "%s, %s, batch %ld, %s, %s: %zu steps of %.1f ms (median; %.1f to %.1f), peak memory "
      "%.0f MB\n",
      s.model.name.c_str(), s.mode.c_str(), s.batch, counted(s.threads, "thread").c_str(),
      name_of(s.precision), m.times.size(), m.median(), m.times.front(), m.times.back(),
      m.process_megabytes);
  if (m.ranks > 1)
    std::printf("%s, communication per step: %s\n", counted(m.ranks, "rank").c_str(),
                m.communication.c_str());
  std::printf("tensors: %.1f MB between steps, %.1f MB at the peak\n", megabytes(m.memory.live),
              megabytes(m.memory.peak));
  std::printf("limits of %s\n", describe(m.limits).c_str());
  std::printf("\nOperations of a step on %s:\n", counted(m.record_threads, "thread").c_str());
  print_op_table(m.operations, limits_for(s, m));
  std::printf("\nimages/s %.1f\n", m.images_per_second(s.batch));
}

namespace {
// Of each: what is sent, and the bytes that rank 0 sends.
nlohmann::json json_of(const std::vector<Message>& messages) {
  const std::map<Message::Kind, const char*> names{{Message::Kind::values, "values"},
                                                   {Message::Kind::slices, "slices"},
                                                   {Message::Kind::results, "results"}};
  nlohmann::json all = nlohmann::json::array();
  for (const Message& message : messages) all.push_back({names.at(message.kind), message.bytes});
  return all;
}
}  // namespace

void print_measurement_as_json(const BenchSubject& s, const Measurement& m) {
  print_json({{"model", s.model.name},
              {"options", s.model.options},
              {"mode", s.mode},
              {"plain", s.plain},
              {"conv", s.conv},
              {"batch", s.batch},
              {"threads", s.threads},
              {"ranks", m.ranks},
              {"batch_norm", s.batch_norm},
              {"messages", json_of(m.messages)},
              {"precision", name_of(s.precision)},
              {"images_per_second", m.images_per_second(s.batch)},
              {"steps", m.times.size()},
              {"step_milliseconds",
               {{"median", m.median()}, {"min", m.times.front()}, {"max", m.times.back()}}},
              {"peak_megabytes", m.process_megabytes},
              {"tensor_megabytes",
               {{"live", megabytes(m.memory.live)}, {"peak", megabytes(m.memory.peak)}}},
              {"limits",
               {{"threads", m.record_threads},
                {"gflop_per_second", m.limits.gflops},
                {"gb_per_second", m.limits.gbytes},
                {"bfloat16_gflop_per_second", m.limits.bfloat16_gflops}}},
              {"operations", to_json(m.operations, limits_for(s, m))}});
}

}  // namespace excite
