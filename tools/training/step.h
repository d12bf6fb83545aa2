// One training step: take a batch, compute the loss and its gradients, update the weights. `train`
// and `bench` run the same code.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "autograd/hooks.h"
#include "autograd/optimizer.h"
#include "autograd/schedule.h"
#include "layers/fused/folded.h"
#include "models/zoo/registry.h"
#include "tools/data/batch.h"
#include "tools/training/own_samples.h"
#include "tools/training/recipe.h"
#include "tools/training/weight_average.h"

namespace excite {

// How images are resized and cropped in training (unless resized-crop draws a random window), and
// in evaluation. A model trained on random resized crops is evaluated on the center crop of a
// larger resize, because the crops showed objects enlarged. Other models are evaluated on the whole
// image.
ResizeCrop training_resize_crop(const Recipe& recipe);
ResizeCrop evaluation_resize_crop(const Recipe& recipe);

struct StepResult {
  double loss;           // mean over the batch, with label smoothing
  long correct;          // images whose label has the largest logit
  double gradient_norm;  // over all parameters, before clipping
  long images;           // in its batches; fewer if files could not be decoded
  // Too few images could be decoded to normalize the batch: nothing was computed or changed, and
  // the numbers above are 0.
  bool skipped = false;
};

// Callbacks for a profiler: when the batch is ready, and around each node of the backward pass.
struct StepHooks {
  std::function<void()> batch_ready;
  BackwardHooks backward;
};

class TrainingStep {
 public:
  // Shares the model's network, of which it freezes what the recipe says, and keeps a reference to
  // the data set, which therefore needs a name. UsageError if the data set is smaller than one
  // batch, or as parameters_to_train and class_weights. Error as Dataset::validate, or if a label
  // is none of the model's classes.
  TrainingStep(const Recipe& recipe, const Model& model, const Dataset& dataset,
               const Normalization& normalization);
  TrainingStep(const Recipe&, const Model&, const Dataset&&, const Normalization&) = delete;

  long steps_per_epoch() const { return steps_per_epoch_; }  // the last short batch is dropped
  double learning_rate(long step) const { return learning_rates_(step); }  // counted as below
  // In place of those of the recipe's schedule.
  void set_learning_rates(std::function<double(long step)> rates) {
    learning_rates_ = std::move(rates);
  }
  Optimizer& optimizer() { return optimizer_; }
  // Lets these ranks compute each batch together, each with its own images. Before the first step.
  // UsageError if a batch has fewer shards than there are ranks, or if the recipe is one for
  // another number of ranks.
  void share_batches(Ranks& ranks);
  const Ranks* ranks() const { return ranks_; }  // nullptr: this process alone
  // The average of the weights; nullptr if the recipe has none.
  WeightAverage* average() { return average_ ? &*average_ : nullptr; }

  // Performs step `step`, on recipe.accumulate batches one after the other, counted from 0 over the
  // whole run. Everything in it (order of the images, augmentation, dropout, learning rate) is a
  // function of that number. Diverged if the loss or a gradient is not finite; the weights are then
  // unchanged, the running statistics may not be. A batch of files that shrank to none, or to one
  // image of which a batch norm would see a single value per channel, is skipped.
  // Where ranks share the batches, the call is collective, and result and weights are the same on
  // all of them. With the recipe's batch_norm local, each rank takes the mean loss of its own
  // images and its gradients, which are then added, weighted by the number of images.
  StepResult operator()(long step) { return run(step, {}); }
  StepResult run(long step, const StepHooks& hooks);

 private:
  // Batches are counted from 0 over the whole run: step * recipe.accumulate is the first of a step.
  StepResult add_gradients(long batch, const StepHooks& hooks);
  Prefetch prefetch(std::vector<long> indices, long batch) const;
  std::vector<long> indices_of(long batch);
  OwnSamples take_samples(long batch);
  Batch batch_of(const Samples& samples, long batch) const;
  long epoch_of(long batch) const { return batch / (steps_per_epoch_ * recipe_.accumulate); }
  bool can_normalize(const OwnSamples& own);
  bool is_local() const { return ranks_ && sums_ == SumOver::own_images; }
  Var loss_of(const Var& logits, const Batch& batch) const;
  long transform_key(long batch) const;
  [[noreturn]] void throw_diverged(long step, const std::string& symptom);

  const Recipe recipe_;
  Model model_;  // a handle
  const Dataset& dataset_;
  const Normalization normalization_;
  const Augmentation augmentation_;
  long steps_per_epoch_;
  Ranks* ranks_ = nullptr;  // null: this process alone
  const SumOver sums_;      // where ranks share a batch
  std::function<double(long step)> learning_rates_;
  std::vector<Parameter> parameters_;  // those that are trained
  Optimizer optimizer_;
  std::optional<WeightAverage> average_;
  Tensor class_weights_;                  // [classes]; empty: none
  std::unique_ptr<FoldedLayers> frozen_;  // the frozen layers, as they are in inference
  std::optional<Prefetch> next_;          // the images of batch next_batch_, being decoded
  long next_batch_ = -1;
  std::vector<long> order_;  // of the images in epoch order_epoch_
  long order_epoch_ = -1;
  std::optional<bool> can_normalize_one_;  // image; found when a batch has shrunk to one
};

}  // namespace excite
