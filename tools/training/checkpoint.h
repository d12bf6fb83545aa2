// Checkpoints: the state of a training run between two steps. last.safetensors holds everything
// that is needed to continue with the same bits; best.safetensors holds the weights alone.
#pragma once
#include <set>
#include <string>

#include "models/interop/weights.h"
#include "tools/training/recipe.h"

namespace excite {

// Sums over the steps of the current epoch; all 0 between epochs.
struct EpochSums {
  long steps = 0, images = 0, correct = 0;
  double loss = 0, gradient_norm = 0;
  long skipped = 0;  // of the steps: StepResult::skipped
};

struct Position {
  long epoch = 0, step = 0;  // finished epochs; steps since the start of the run
  EpochSums sums;
  // Of the last finished epoch, on the validation images, or where there are none on the test
  // images; and of the best epoch on the validation images. -1: none yet.
  double accuracy = 0, best_accuracy = -1;
};

// Everything that determines the numbers of a run, as text. Two checkpoints belong to the same run
// if and only if these are equal.
Metadata run_metadata(const Recipe& recipe, const Model& model, const Preprocessing& preprocessing);

// Writes atomically. `state`: the tensors of the model, and for last.safetensors also those of the
// optimizer. For a network of your own, `as_in_memory` is its names_as_in_memory
// (models/interop/tensor_shapes.h); those of the list have none of rank 2 or 4. Error if
// load_checkpoint would refuse the position, or if a number is not finite.
void save_checkpoint(const std::string& path, const Metadata& run, long epochs,
                     long steps_per_epoch, const Position& position, const NamedTensors& state,
                     const std::set<std::string>& as_in_memory = {});

// The epochs of the recipe in a checkpoint. FileError if it has no recipe.
long epochs_of_checkpoint(const std::string& path);

// Fills `state` and returns the position in the run. FileError if the file is damaged, belongs to
// another run or has an impossible position; `state` is then unchanged.
Position load_checkpoint(const std::string& path, const Metadata& run, long epochs,
                         long steps_per_epoch, const NamedTensors& state,
                         const std::set<std::string>& as_in_memory = {});

}  // namespace excite
