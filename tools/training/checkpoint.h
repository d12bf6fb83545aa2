// The state of a training run between two steps, and its two files: last.safetensors, from which
// the run continues to the same bits, and best.safetensors, weights alone.
#pragma once
#include <string>

#include "models/interop/weights.h"
#include "tools/training/recipe.h"

namespace excite {

// Sums over the steps of the epoch that is under way; all 0 between epochs.
struct EpochSums {
  long steps = 0, images = 0, correct = 0;
  double loss = 0, gradient_norm = 0;
};

struct Position {
  long epoch = 0, step = 0;  // finished epochs; steps since the start of the run
  EpochSums sums;
  double accuracy = 0,
         best_accuracy =
             -1;  // on the test set, after the last finished epoch and after the best one
};

// All that makes a run what it is, as text: equal for two checkpoints exactly if they can belong to
// the same run.
Metadata run_metadata(const Recipe& recipe, const Model& model, const Preprocessing& preprocessing);

// Atomic. `state` holds the model's tensors and, for last, the optimizer's.
void save_checkpoint(const std::string& path, const Metadata& run, const Position& position,
                     const NamedTensors& state);

// Fills `state`, and tells where in the run it is. FileError if the file is damaged, of another
// run, or says a position that cannot be; the state is then untouched.
Position load_checkpoint(const std::string& path, const Metadata& run, long epochs,
                         long steps_per_epoch, const NamedTensors& state);

}  // namespace excite
