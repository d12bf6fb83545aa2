// excite bench: how many pictures a second a model takes, and which operations the time goes to.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <numeric>
#include <utility>

#include "core/check.h"
#include "core/limits.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "core/text.h"
#include "models/infer.h"
#include "tools/bench_ops.h"
#include "tools/commands.h"
#include "tools/data/load.h"
#include "tools/training/step.h"

namespace excite {

namespace {

struct BenchOptions {
  std::string model = "se_resnet20", set, mode = "train";
  long batch = 128;
  int threads = excite::threads();
  double seconds = 5;
  bool ops = false, limits = false, plain = false;
};

using Clock = std::chrono::steady_clock;

// ---- where the time goes ----

// Keeps account of a step's time: all of it that has passed since the last entry is charged to what has just ended.
class Ledger {
 public:
  struct Account {
    long calls = 0;                    // forward
    double forward = 0, backward = 0;  // milliseconds
    double total() const { return forward + backward; }
  };
  void open() { last_ = Clock::now(), open_ = true; }  // until then nothing is charged, and nothing read from the clock
  void forward(const std::string& what) {
    if (!open_) return;
    accounts_[what].calls++;
    accounts_[what].forward += passed();
  }
  void backward(const std::string& what) {
    if (open_) accounts_[what].backward += passed();
  }
  void begin_step() {
    if (open_) passed();
  }
  const std::map<std::string, Account>& accounts() const { return accounts_; }

 private:
  double passed() {
    const auto then = std::exchange(last_, Clock::now());
    return std::chrono::duration<double, std::milli>(last_ - then).count();
  }
  bool open_ = false;
  Clock::time_point last_{};
  std::map<std::string, Account> accounts_;
};

void print_accounts(const Ledger& ledger, long steps) {
  std::vector<std::pair<std::string, Ledger::Account>> rows(ledger.accounts().begin(), ledger.accounts().end());
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.second.total() > b.second.total(); });
  const double all = std::accumulate(rows.begin(), rows.end(), 0.0, [](double sum, const auto& row) { return sum + row.second.total(); });
  const auto n = static_cast<double>(steps);
  std::printf("%-20s %6s %12s %12s %12s %8s\n", "milliseconds a step", "calls", "forward", "backward", "total", "share");
  for (const auto& [what, account] : rows)
    std::printf("%-20s %6ld %12.3f %12.3f %12.3f %6.1f %%\n", what.c_str(), account.calls / steps, account.forward / n, account.backward / n,
                account.total() / n, 100 * account.total() / all);
  std::printf("%-20s %6s %12s %12s %12.3f\n", "all", "", "", "", all / n);
}

// ---- what is run again and again ----

using Step = std::function<void()>;

// The very step of `excite train` with its default recipe, the making of the augmented batch included.
Step training_step(const Recipe& recipe, const Model& model, const DataSplit& data, Ledger& ledger) {
  const auto watched = std::make_shared<Model>(model);
  watched->run = [&ledger, run = model.run](const Var& x, Mode mode) {
    ledger.forward("(making the batch)");
    return run(x, mode);
  };
  const auto step = std::make_shared<TrainingStep>(recipe, *watched, data.train, measure(data.train));
  return [&ledger, watched, step, number = 0l]() mutable {
    ledger.begin_step();
    const Observed forward([&](const Node& y) { ledger.forward(y.op); });
    step->run(number++, {.before = nullptr, .after = [&](Node& y) { ledger.backward(y.op); }});
    ledger.forward("(optimizer)");
  };
}

Step inference_step(const Model& model, long batch, const DataSplit& data, Ledger& ledger) {
  std::vector<long> pictures(static_cast<std::size_t>(batch));
  for (long i = 0; i < batch; i++) pictures[static_cast<std::size_t>(i)] = i % data.test.count();
  const auto x = std::make_shared<Tensor>(make_batch(data.test, pictures, measure(data.train), Augmentation{}, 0, 0).x);
  return [&ledger, x, infer = std::make_shared<Inference>(model)] {
    ledger.begin_step();
    const Observed forward([&](const Node& y) { ledger.forward(y.op); });
    (*infer)(*x);
  };
}

// ---- measuring ----

// Sorted, in milliseconds.
std::vector<double> step_times(const Step& step, double seconds) {
  constexpr std::size_t warm_up = 3, fewest = 5;
  const auto since = [](Clock::time_point then) { return std::chrono::duration<double, std::milli>(Clock::now() - then).count(); };
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

int print_limits() {
  const Limits most = measure_limits();
  std::printf("%d %s, %s: %.0f GFLOP/s of multiply-adds in registers, %.1f GB/s read from memory\n", threads(), threads() == 1 ? "thread" : "threads",
              sizeof(real) == 4 ? "float" : "double", most.gflops, most.gbytes);
  return 0;
}

// The rate comes first, while the ledger is closed.
int bench(const BenchOptions& o) {
  const std::vector<std::string> modes{"train", "infer"};
  require<UsageError>(std::count(modes.begin(), modes.end(), o.mode), "bench: there is no --mode ", o.mode, "; the nearest is ", nearest(o.mode, modes));
  set_threads(o.threads);
  if (o.limits) return print_limits();
  if (o.ops) return bench_ops(o.batch);
  Recipe recipe;
  recipe.model = o.model;
  recipe.options = parse_settings(o.set);
  recipe.batch = o.batch;
  recipe.plain = o.plain;
  const DataSplit data = load_data("builtin");
  Rng rng(recipe.seed);
  const Model model = make_model(recipe.model, recipe.options, static_cast<long>(data.train.classes.size()), rng);

  Ledger ledger;
  const Step step = o.mode == "train" ? training_step(recipe, model, data, ledger) : inference_step(model, o.batch, data, ledger);
  const std::vector<double> times = step_times(step, o.seconds);
  const double median = times[times.size() / 2];
  std::printf("%s, %s, batch %ld, %d %s, %s: %zu steps of %.1f ms (median; %.1f to %.1f), %.0f MB at most\n\n", model.name.c_str(), o.mode.c_str(), o.batch,
              threads(), threads() == 1 ? "thread" : "threads", sizeof(real) == 4 ? "float" : "double", times.size(), median, times.front(), times.back(),
              peak_megabytes());

  constexpr long watched_steps = 5;
  ledger.open();
  for (long i = 0; i < watched_steps; i++) step();
  print_accounts(ledger, watched_steps);
  std::printf("\npictures/s %.1f\n", 1000 * static_cast<double>(o.batch) / median);
  return 0;
}

}  // namespace

void add_bench(CLI::App& app, Run& run) {
  const auto o = std::make_shared<BenchOptions>();
  CLI::App* c = app.add_subcommand("bench", "measures pictures a second, and the milliseconds that each operation takes");
  c->add_option("--model", o->model, "the model's name; `excite models` lists them");
  c->add_option("--set", o->set, "the model's options: key=value,...");
  c->add_option("--mode", o->mode, "train: the very step that train runs, on the built-in pictures; infer: the model alone");
  c->add_option("--batch", o->batch, "pictures a step")->check(CLI::Range(1, 10'000));
  c->add_option("--threads", o->threads, "how many cores work")->check(CLI::Range(1, 1024));
  c->add_option("--seconds", o->seconds, "how long the rate is measured, for at least 5 steps")->check(CLI::Range(0.0, 3600.0));
  c->add_flag("--plain", o->plain, "train by simple operations alone, none that does the work of several: for comparison");
  c->add_flag("--limits", o->limits, "instead of a model, what this machine can do at most: multiply-adds, and bytes from memory");
  c->add_flag("--ops", o->ops, "instead of a model, every way to compute a convolution on the shapes of the models");
  c->footer("Example: excite bench --model se_resnet20 --mode train --batch 128 --threads 2 --seconds 5");
  c->callback([=, &run] { run = [=] { return bench(*o); }; });
}

}  // namespace excite
