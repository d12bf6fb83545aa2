// excite bench: how many images a second a model takes, and which operations the time goes to.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>

#include "core/check.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "core/text.h"
#include "models/infer.h"
#include "tools/bench/bench_fused.h"
#include "tools/bench/bench_ops.h"
#include "tools/bench/limits.h"
#include "tools/bench/profile/account.h"
#include "tools/commands/commands.h"
#include "tools/commands/output.h"
#include "tools/data/builtin.h"
#include "tools/training/step.h"

namespace excite {

namespace {

struct BenchOptions {
  std::string model = "se_resnet20", set, mode = "train";
  long batch = 128;
  int threads = excite::threads();
  double seconds = 5;
  bool ops = false, limits = false, plain = false, json = false;
};

using Clock = std::chrono::steady_clock;
constexpr const char* precision = sizeof(real) == 4 ? "float" : "double";

std::string threads_in_words() { return text(threads(), threads() == 1 ? " thread" : " threads"); }

// ---- what is run again and again ----

// A step, and the same step with the clock beside each of its operations, on `watched_threads`
// threads.
struct Steps {
  std::function<void()> run;
  std::function<void(std::vector<Record>&)> watch;
  int watched_threads;
};

// The very step of `excite train` with its default recipe, the making of the augmented batch
// included.
Steps training_steps(const Recipe& recipe, const Model& model, const DataSplit& data) {
  const auto step = std::make_shared<TrainingStep>(recipe, model, data.train, measure(data.train));
  const auto number = std::make_shared<long>(0);
  return {[=] { (*step)((*number)++); },
          [=](std::vector<Record>& records) { watch(*step, (*number)++, records); }, threads()};
}

Steps inference_steps(const Model& model, long batch, const DataSplit& data) {
  std::vector<long> images(batch);
  for (long i = 0; i < batch; i++) images[i] = i % data.test.count();
  const auto x = std::make_shared<Tensor>(
      make_batch(data.test, images, measure(data.train), Augmentation{}, 0, 0).x);
  const auto infer = std::make_shared<Inference>(model);
  return {[=] { (*infer)(*x); }, [=](std::vector<Record>& records) { watch(*infer, *x, records); },
          1};
}

// As many of the built-in images as a batch has, at the size that the model is meant for; in
// training each step takes them in another order. No others are drawn, so that the most memory that
// the process ever held is a step's.
DataSplit images_for(const Model& model, long batch) {
  const DataSplit drawn =
      draw_builtin(std::min(batch, builtin_train_count), std::min(batch, builtin_test_count));
  return {resized(drawn.train, model.image_size), resized(drawn.test, model.image_size)};
}

// ---- measuring ----

// Sorted, in milliseconds.
std::vector<double> step_times(const std::function<void()>& step, double seconds) {
  constexpr std::size_t warm_up = 3, fewest = 5;
  const auto since = [](Clock::time_point then) {
    return std::chrono::duration<double, std::milli>(Clock::now() - then).count();
  };
  for (std::size_t i = 0; i < warm_up; i++) step();
  std::vector<double> times;
  for (const auto began = Clock::now(); times.size() < fewest || since(began) < 1000 * seconds;) {
    const auto then = Clock::now();
    step();
    times.push_back(since(then));
  }
  std::sort(times.begin(), times.end());
  return times;
}

struct Measurement {
  std::vector<double> times;  // of steps, sorted, in milliseconds
  double process_megabytes;   // the most that the process held
  MemoryStats memory;         // of tensors
  Limits limits;
  int watched_threads;  // of the limits and the accounts
  std::vector<Account> accounts;
  double median() const { return times[times.size() / 2]; }
  double images_per_second(long batch) const {
    return 1000 * static_cast<double>(batch) / median();
  }
};

// The rate comes first, with nobody watching.
Measurement measure_steps(const Steps& steps, double seconds) {
  Measurement m{.times = step_times(steps.run, seconds),
                .process_megabytes = peak_megabytes(),
                .memory = memory_stats(),
                .limits = {},
                .watched_threads = steps.watched_threads,
                .accounts = {}};
  set_threads(steps.watched_threads);
  m.limits = measure_limits();
  constexpr long watched_steps = 5;
  std::vector<Record> records;
  for (long i = 0; i < watched_steps; i++) steps.watch(records);
  m.accounts = accounts(records, watched_steps);
  return m;
}

// ---- what is said ----

constexpr double bytes_a_megabyte = 1 << 20;

std::string in_words(const Limits& most) {
  char words[120];
  std::snprintf(words, sizeof words,
                "%s, %s: %.0f GFLOP/s of multiply-adds in registers, %.1f GB/s read from memory",
                threads_in_words().c_str(), precision, most.gflops, most.gbytes);
  return words;
}

void print_measurement(const BenchOptions& o, const Model& model, const Measurement& m) {
  std::printf(
      "%s, %s, batch %ld, %d %s, %s: %zu steps of %.1f ms (median; %.1f to %.1f), %.0f MB at "
      "most\n",
      model.name.c_str(), o.mode.c_str(), o.batch, o.threads, o.threads == 1 ? "thread" : "threads",
      precision, m.times.size(), m.median(), m.times.front(), m.times.back(), m.process_megabytes);
  std::printf("tensors: %.1f MB live between steps, %.1f MB at most\n",
              static_cast<double>(m.memory.live) / bytes_a_megabyte,
              static_cast<double>(m.memory.peak) / bytes_a_megabyte);
  std::printf("limits of %s\n", in_words(m.limits).c_str());
  std::printf("\nOf a step on %s, with the clock beside it:\n", threads_in_words().c_str());
  print_accounts(m.accounts, m.limits);
  std::printf("\nimages/s %.1f\n", m.images_per_second(o.batch));
}

void print_measurement_as_json(const BenchOptions& o, const Model& model, const Measurement& m) {
  print_json({{"model", model.name},
              {"options", model.options},
              {"mode", o.mode},
              {"plain", o.plain},
              {"batch", o.batch},
              {"threads", o.threads},
              {"precision", precision},
              {"images_per_second", m.images_per_second(o.batch)},
              {"steps", m.times.size()},
              {"step_milliseconds",
               {{"median", m.median()}, {"min", m.times.front()}, {"max", m.times.back()}}},
              {"peak_megabytes", m.process_megabytes},
              {"tensor_megabytes",
               {{"live", static_cast<double>(m.memory.live) / bytes_a_megabyte},
                {"peak", static_cast<double>(m.memory.peak) / bytes_a_megabyte}}},
              {"limits",
               {{"threads", m.watched_threads},
                {"gflop_per_second", m.limits.gflops},
                {"gb_per_second", m.limits.gbytes}}},
              {"operations", to_json(m.accounts, m.limits)}});
}

int print_limits() {
  std::printf("%s\n", in_words(measure_limits()).c_str());
  return 0;
}

int compare_ops(long batch) {
  bench_ops(batch);
  std::printf("\n");
  bench_fused(batch);
  return 0;
}

int bench(const BenchOptions& o) {
  const std::vector<std::string> modes{"train", "infer"};
  require<UsageError>(std::count(modes.begin(), modes.end(), o.mode), "bench: there is no --mode ",
                      o.mode, "; the nearest is ", nearest(o.mode, modes));
  require<UsageError>(!o.json || !(o.ops || o.limits),
                      "bench: --json goes with a model, not with --ops or --limits");
  set_threads(o.threads);
  if (o.limits) return print_limits();
  if (o.ops) return compare_ops(o.batch);
  Recipe recipe;
  recipe.model = o.model;
  recipe.options = parse_settings(o.set);
  recipe.batch = o.batch;
  recipe.plain = o.plain;
  Rng rng(recipe.seed);
  constexpr long classes = 10;  // of the built-in images
  const Model model = make_model(recipe.model, recipe.options, classes, rng);
  const DataSplit data = images_for(model, o.batch);
  const Steps steps = o.mode == "train" ? training_steps(recipe, model, data)
                                        : inference_steps(model, o.batch, data);
  const Measurement measurement = measure_steps(steps, o.seconds);
  (o.json ? print_measurement_as_json : print_measurement)(o, model, measurement);
  return 0;
}

}  // namespace

void add_bench(CLI::App& app, Run& run) {
  const auto o = std::make_shared<BenchOptions>();
  CLI::App* c = app.add_subcommand(
      "bench", "measures images a second, and the milliseconds that each operation takes");
  c->add_option("--model", o->model, "the model's name; `excite models` lists them");
  c->add_option("--set", o->set, "the model's options: key=value,...");
  c->add_option("--mode", o->mode,
                "train: the very step that train runs, on the built-in images (as large as the "
                "model is meant for); infer: the model alone");
  c->add_option("--batch", o->batch, "images a step")->check(CLI::Range(1, 10'000));
  c->add_option("--threads", o->threads, "how many cores work")->check(CLI::Range(1, 1024));
  c->add_option("--seconds", o->seconds, "how long the rate is measured, for at least 5 steps")
      ->check(CLI::Range(0.0, 3600.0));
  c->add_flag(
      "--plain", o->plain,
      "train by simple operations alone, none that does the work of several: for comparison");
  c->add_flag(
      "--limits", o->limits,
      "instead of a model, what this machine can do at most: multiply-adds, and bytes from memory");
  c->add_flag("--ops", o->ops,
              "instead of a model, every way to compute a convolution on the shapes of the models, "
              "and every fused operation "
              "against those it is made of");
  c->add_flag("--json", o->json,
              "prints the same as JSON: model, images_per_second, step_milliseconds, "
              "peak_megabytes, limits, operations, ...");
  c->footer(
      "Example: excite bench --model se_resnet20 --mode train --batch 128 --threads 2 --seconds 5\n"
      "As an image: excite bench --json >bench.json && excite roofline bench.json --out "
      "roofline.svg");
  c->callback([=, &run] { run = [=] { return bench(*o); }; });
}

}  // namespace excite
