// One step of training: take a batch, compute the loss, its gradients, and move the weights.
// `train` and `bench` run this very code.
#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "autograd/hooks.h"
#include "autograd/optimizer.h"
#include "autograd/schedule.h"
#include "models/zoo/registry.h"
#include "tools/data/batch.h"
#include "tools/training/recipe.h"

namespace excite {

// What is seen of an image in training, unless a random part of it is; and in evaluation. Who is
// shown parts in training, larger than life, is tested on the center of a larger image; who is
// shown whole images, on whole ones.
ResizeCrop training_resize_crop(const Recipe& recipe);
ResizeCrop evaluation_resize_crop(const Recipe& recipe);

struct StepResult {
  double loss;           // mean over the batch, with label smoothing
  long correct;          // images whose label had the largest logit
  double gradient_norm;  // over all parameters, before clipping
  long images;           // in the batch: fewer than the recipe's where files could not be decoded
};

// What whoever watches a step from inside is shown: that its batch was made, and the nodes along
// backward.
struct StepVisitor {
  std::function<void()> batch_made;
  BackwardHooks backward;
};

class TrainingStep {
 public:
  // Keeps references to the model and the data set. UsageError if the data set has not one whole
  // batch.
  TrainingStep(const Recipe& recipe, const Model& model, const Dataset& dataset,
               const Normalization& normalization);

  long per_epoch() const { return per_epoch_; }  // the last short batch is dropped
  double learning_rate(long step) const { return schedule_.at(step); }
  Optimizer& optimizer() { return optimizer_; }

  // Step number `step` of the whole training; everything in it (order, augmentation, dropout,
  // learning rate) follows from that number. Diverged, before anything has moved but the running
  // statistics, if the loss or a gradient is not finite.
  StepResult operator()(long step) { return run(step, {}); }
  StepResult run(long step, const StepVisitor& visitor);

 private:
  Prefetch read(long step);
  Batch batch_of(long step);
  [[noreturn]] void explain(long step, const std::string& symptom);

  const Recipe recipe_;
  const Mode mode_;
  const Model& model_;
  const Dataset& dataset_;
  const Normalization normalization_;
  const Augmentation augmentation_;
  long per_epoch_;
  Schedule schedule_;
  std::vector<Parameter> trained_;
  Optimizer optimizer_;
  std::optional<Prefetch> next_;  // the images of step next_step_, on their way
  long next_step_ = -1;
  std::vector<long> order_;  // of the images in epoch order_epoch_
  long order_epoch_ = -1;
};

}  // namespace excite
