// A training step, loading weights and classifying an image, while one allocation fails: the first,
// the second, and so on, until none fails any more. Each time is a process of its own, so thousands
// take seconds. Needs LD_PRELOAD=build/faults.so FAULT=malloc.
// usage: fault-steps THREADS WEIGHTS     (a file that is written)
#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <new>
#include <string>

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

// Whether no failure ends the process otherwise than with an exception that says so.
bool survives(const char* name, const std::function<void()>& body, int threads) {
  long reports = 0;
  for (long k = 1;; k++) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(30);
      _exit(run_with_fault(body, threads, k));
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) >= other) {
      std::printf("%s: allocation %ld fails: %s %d\n", name, k,
                  WIFEXITED(status) ? "code" : "signal",
                  WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
      return false;
    }
    reports += WEXITSTATUS(status) == reported;
    if (WEXITSTATUS(status) == no_fault) {
      std::printf("%s: %ld allocations, %ld failures reported\n", name, k - 1, reports);
      return k > 100;
    }
  }
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
