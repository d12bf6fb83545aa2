// A training step, loading weights and classifying an image, while one allocation fails: the first,
// the second, and so on, until none fails any more. Each time is a process of its own, so thousands
// take seconds. Needs LD_PRELOAD=build/faults.so FAULT=malloc.
// usage: fault-steps THREADS WEIGHTS     (a file that is written)
#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <limits>
#include <map>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "core/available_cores.h"
#include "core/check.h"
#include "core/parallel.h"
#include "models/interop/weights.h"
#include "tests/support/image_folder.h"
#include "tests/support/training_images.h"
#include "tools/data/normalization.h"
#include "tools/training/classifier.h"
#include "tools/training/step.h"

namespace excite {
namespace {

// Of faults.c: the fault begins at this call from now on. Returns how many there were before.
using BeginFault = long (*)(long at, long times);
const auto begin_fault = reinterpret_cast<BeginFault>(dlsym(RTLD_DEFAULT, "begin_fault"));

enum Result { done, reported, no_fault, other };

Result run_with_fault(const std::function<void()>& body, int threads, long k) {
  set_threads(threads);
  Result result = done;
  begin_fault(k, 1);
  try {
    body();
    set_threads(1);  // ends the workers
  } catch (const std::bad_alloc&) {
    result = reported;
  } catch (const Error&) {
    result = reported;
  } catch (...) {
    result = other;
  }
  return begin_fault(0, 0) < k ? no_fault : result;
}

// A process in which allocation number `k` fails, and how it ended.
struct Trial {
  long k;
  int status;  // of waitpid
  bool exited() const { return WIFEXITED(status); }
  int code() const { return exited() ? WEXITSTATUS(status) : WTERMSIG(status); }
  bool is_bad() const { return !exited() || code() >= other; }
  bool has_no_fault() const { return exited() && code() == no_fault; }
};

// One process for each core, at a time.
class Trials {
 public:
  Trials(std::function<void()> body, int threads) : body_(std::move(body)), threads_(threads) {}
  // The next one that ends. Without `more`, no others start; nothing when all have ended.
  std::optional<Trial> next(bool more) {
    while (more && std::ssize(running_) < available_cores()) start(++started_);
    if (running_.empty()) return {};
    int status = 0;
    const pid_t child = waitpid(-1, &status, 0);
    return Trial{running_.extract(child).mapped(), status};
  }

 private:
  void start(long k) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(30);
      _exit(run_with_fault(body_, threads_, k));
    }
    running_[child] = k;
  }
  const std::function<void()> body_;
  const int threads_;
  long started_ = 0;
  std::map<pid_t, long> running_;
};

// Whether no failure ends the process otherwise than with an exception that says so.
bool survives(const char* name, const std::function<void()>& body, int threads) {
  Trials trials(body, threads);
  constexpr long unknown = std::numeric_limits<long>::max();
  long reports = 0, allocations = unknown;
  bool good = true;
  while (const auto trial = trials.next(good && allocations == unknown)) {
    reports += trial->exited() && trial->code() == reported;
    if (trial->has_no_fault()) allocations = std::min(allocations, trial->k - 1);
    if (!trial->is_bad()) continue;
    good = false;
    std::printf("%s: allocation %ld fails: %s %d\n", name, trial->k,
                trial->exited() ? "code" : "signal", trial->code());
  }
  std::printf("%s: %ld allocations, %ld failures reported\n", name, allocations, reports);
  return good && allocations >= 100;
}

bool all_survive(int threads, const std::string& weights) {
  Rng rng(5);
  const Dataset images = noisy_images(8, 2);
  const Normalization normalization = compute_normalization(images);
  Recipe recipe;
  recipe.model = "se_resnet8", recipe.batch = 4;
  {
    const Model model = make_model(recipe.model, {}, 2, rng);
    const Preprocessing preprocessing{{"ant", "bee"}, {0.4, 0.5, 0.6}, {0.2, 0.25, 0.3}, 32, 32};
    save_tensors(weights, describe(model, preprocessing), state_of(model.module()));
  }
  const auto train = [&] {
    const Model model = make_model(recipe.model, {}, 2, rng);
    TrainingStep step(recipe, model, images, normalization);
    step(0);
  };
  const auto load = [&] { load_model(SafetensorsFile(weights)); };
  const auto predict = [&] { Classifier(weights).top(noise_image(40, 50, 1), 2); };
  return survives("training step", train, threads) && survives("load", load, threads) &&
         survives("predict", predict, threads);
}

}  // namespace
}  // namespace excite

int main(int count, char** words) {
  if (count != 3 || !excite::begin_fault) return 2;
  return excite::all_survive(std::stoi(words[1]), words[2]) ? 0 : 1;
}
