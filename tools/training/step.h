// One step of training: take a batch, compute the loss, its gradients, and move the weights. `train` and `bench` run this very code.
#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "autograd/optimizer.h"
#include "autograd/schedule.h"
#include "models/zoo/registry.h"
#include "tools/data/batch.h"
#include "tools/training/recipe.h"

namespace excite {

// What is seen of a picture in training, unless a random part of it is; and in evaluation. Who is shown parts in training, larger than life, is
// tested on the centre of a larger picture; who is shown whole pictures, on whole ones.
Frame training_frame(const Recipe& recipe);
Frame evaluation_frame(const Recipe& recipe);

struct StepResult {
  double loss;           // mean over the batch, with label smoothing
  long hits;             // pictures whose label had the largest logit
  double gradient_norm;  // over all parameters, before clipping
  long pictures;         // in the batch: fewer than the recipe's where files could not be decoded
};

// What whoever watches a step from inside is shown: that its batch was made, and the nodes along backward.
struct StepVisitor {
  std::function<void()> batch_made;
  Visitor backward;
};

class TrainingStep {
 public:
  // Keeps references to the model and the data set. UsageError if the data set has not one whole batch.
  TrainingStep(const Recipe& recipe, const Model& model, const Dataset& dataset, const Normalisation& normalisation);

  long per_epoch() const { return per_epoch_; }        // the last short batch is dropped
  double learning_rate(long step) const { return schedule_.at(step); }
  Optimizer& optimizer() { return optimizer_; }

  // Step number `step` of the whole training; everything in it (order, augmentation, dropout, learning rate) follows from that number.
  // Diverged, before anything has moved but the running statistics, if the loss or a gradient is not finite.
  StepResult operator()(long step) { return run(step, {}); }
  StepResult run(long step, const StepVisitor& visitor);

 private:
  Reading read(long step);
  Batch batch_of(long step);
  [[noreturn]] void explain(long step, const std::string& symptom);

  const Recipe recipe_;
  const Mode mode_;
  const Model& model_;
  const Dataset& dataset_;
  const Normalisation normalisation_;
  const Augmentation augmentation_;
  long per_epoch_;
  Schedule schedule_;
  std::vector<Trained> trained_;
  Optimizer optimizer_;
  std::optional<Reading> next_;                        // the pictures of step next_step_, on their way
  long next_step_ = -1;
  std::vector<long> order_;                            // of the pictures in epoch order_epoch_
  long order_epoch_ = -1;
};

}  // namespace excite
