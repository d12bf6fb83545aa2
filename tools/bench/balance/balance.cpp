// build/balance MODEL BATCH: how evenly the loops of a training step divide among 2 to 64 cores.
//
// The program has an implementation of core/parallel.h of its own, in place of the library's. It
// gives the number of threads that is asked for, so the work is cut as for so many cores, but runs
// all calls on one core. It notes the number of calls and the processor time of each loop. On t
// cores the longest thread has ceil(calls / t) calls, and the mean is calls / t.
#include <ctime>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "core/background.h"
#include "core/parallel.h"
#include "models/zoo/registry.h"
#include "tools/data/builtin.h"
#include "tools/training/recipe.h"
#include "tools/training/step.h"

namespace excite {

namespace {

struct Loop {
  long calls;
  double seconds;
};
std::vector<Loop> loops;
bool inside_a_loop = false;
int thread_count = 1;

double processor_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

}  // namespace

// ---- core/parallel.h and core/background.h on one core ----

void set_threads(int count) { thread_count = count; }
int threads() { return thread_count; }

void parallel_for(long count, const std::function<void(long)>& body) {
  if (inside_a_loop || count <= 1) {
    for (long i = 0; i < count; i++) body(i);
    return;
  }
  inside_a_loop = true;
  const double begin = processor_seconds();
  for (long i = 0; i < count; i++) body(i);
  loops.push_back({count, processor_seconds() - begin});
  inside_a_loop = false;
}

void parallel_ranges(long items, long min_items, const std::function<void(long, long)>& body) {
  const long count = std::clamp(items / std::max(1l, min_items), 1l, 8l * threads());
  parallel_for(count, [&](long i) { body(items * i / count, items * (i + 1) / count); });
}

struct Background::Work {};
Background::Background(long count, std::function<void(long)> body) {
  for (long i = 0; i < count; i++) body(i);
}
Background::~Background() = default;
Background::Background(Background&&) noexcept = default;
void Background::wait() {}

// ---- the measurement ----

namespace {

struct Balance {
  double longest_over_mean;  // of all loops together
  double outside;            // the share of the step's time that is outside of loops
};

// Of step `number` + 1, after step `number`, which allocates memory.
Balance balance_of(TrainingStep& step, long number, int cores) {
  set_threads(cores);
  step(number);
  loops.clear();
  const double begin = processor_seconds();
  step(number + 1);
  const double all = processor_seconds() - begin;
  double mean = 0, longest = 0;
  for (const auto& [calls, seconds] : loops) {
    const long most = (calls + cores - 1) / cores;
    mean += seconds / cores;
    longest += seconds * static_cast<double>(most) / static_cast<double>(calls);
  }
  return {longest / mean, 1 - mean * cores / all};
}

void print_balance(const std::string& name, long batch) {
  Recipe recipe;
  recipe.model = name;
  recipe.batch = batch;
  const Model model = make_model(recipe, 10);
  const Dataset images = resized(draw_builtin(batch, 1).train, model.image_size);
  TrainingStep step(recipe, model, images, compute_normalization(images));
  std::printf("%s, batch %ld\ncores   longest / mean   outside of loops\n", name.c_str(), batch);
  long number = 0;
  for (const int cores : {2, 4, 8, 16, 32, 64}) {
    const Balance b = balance_of(step, number, cores);
    number += 2;
    std::printf("%5d %16.2f %16.1f %%\n", cores, b.longest_over_mean, 100 * b.outside);
  }
}

}  // namespace
}  // namespace excite

int main(int count, char** arguments) {
  if (count != 3) {
    std::fprintf(stderr, "usage: balance MODEL BATCH\n");
    return 1;
  }
  try {
    excite::print_balance(arguments[1], std::atol(arguments[2]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "balance: %s\n", error.what());
    return 1;
  }
  return 0;
}
