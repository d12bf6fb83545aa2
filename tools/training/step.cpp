#include "tools/training/step.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "autograd/ops.h"
#include "core/check.h"
#include "layers/implementation.h"
#include "models/cost.h"
#include "tools/training/class_weights.h"
#include "tools/training/diagnosis.h"
#include "tools/training/metrics.h"
#include "tools/training/parameter_groups.h"

namespace excite {

namespace {

// A label that is no class would fail in the middle of an epoch.
void require_labels(const Dataset& dataset, const Model& model) {
  dataset.validate();
  for (long i = 0; i < dataset.count(); i++)
    require(dataset.labels[i] < model.classes, "train: label ", i, " is ", dataset.labels[i],
            ", but the model has ", model.classes, " classes, expected 0 to ", model.classes - 1);
}

long count_batches(const Dataset& dataset, long batch) {
  require<UsageError>(dataset.count() >= batch, "train: --batch ", batch, ", but there are only ",
                      dataset.count(), " images to train on; use a smaller --batch");
  return dataset.count() / batch;
}

Optimizer make_optimizer(const Recipe& r, const std::vector<Parameter>& parameters) {
  if (r.optimizer == "adamw")
    return AdamW(parameters, {.beta1 = r.momentum, .weight_decay = r.weight_decay});
  return Sgd(parameters, {.momentum = r.momentum,
                          .nesterov = r.nesterov && r.momentum > 0,
                          .weight_decay = r.weight_decay});
}

// Converts epochs to steps.
Schedule make_schedule(const Recipe& r, long steps_per_epoch) {
  const auto steps = [=](double epochs) {
    return std::lround(epochs * static_cast<double>(steps_per_epoch));
  };
  Schedule s;
  s.decay = parse_decay(r.schedule);
  s.peak = r.lr;
  s.total_steps = r.epochs * steps_per_epoch;
  s.warmup_steps = steps(r.warmup);
  s.gamma = r.gamma;
  if (s.decay == Decay::step) s.every = std::max(1l, steps(r.milestones.front()));
  if (s.decay == Decay::multistep)
    std::transform(r.milestones.begin(), r.milestones.end(), std::back_inserter(s.milestones),
                   steps);
  s.validate();
  return s;
}

}  // namespace

ResizeCrop training_resize_crop(const Recipe& recipe) {
  return {recipe.image_size, recipe.image_size};
}

ResizeCrop evaluation_resize_crop(const Recipe& recipe) {
  return {recipe.image_size, parse_augmentation(recipe.augment).resized_crop
                                 ? default_short_side(recipe.image_size)
                                 : recipe.image_size};
}

TrainingStep::TrainingStep(const Recipe& recipe, const Model& model, const Dataset& dataset,
                           const Normalization& normalization)
    : recipe_(recipe),
      model_(model),
      dataset_(dataset),
      normalization_(normalization),
      augmentation_(parse_augmentation(recipe.augment)),
      steps_per_epoch_(count_batches(dataset, recipe.batch)),
      schedule_(make_schedule(recipe, steps_per_epoch_)),
      parameters_(parameters_to_train(recipe, model)),
      optimizer_(make_optimizer(recipe, parameters_)) {
  require_labels(dataset, model);
  class_weights_ = class_weights(recipe.class_weights, dataset);
  frozen_ = std::make_unique<FoldedLayers>();
  model_.implementation.folded = frozen_.get();
}

Var TrainingStep::loss_of(const Var& logits, const Batch& batch) const {
  const auto smoothing = static_cast<real>(recipe_.label_smoothing);
  return class_weights_.empty() ? cross_entropy(logits, batch.labels, smoothing)
                                : cross_entropy(logits, batch.labels, class_weights_, smoothing);
}

StepResult TrainingStep::run(long step, const StepHooks& hooks) {
  const Samples samples = take_samples(step);
  if (!can_normalize(samples)) return {0, 0, 0, 0, true};
  Batch batch = batch_of(samples, step);
  if (hooks.batch_ready) hooks.batch_ready();
  const Var images(std::move(batch.x));
  model_.module().reseed(recipe_.seed, step);
  const Var logits = model_(images, Mode::train);
  const Var loss = loss_of(logits, batch);
  const double value = static_cast<double>(loss->value.item());
  if (!std::isfinite(value)) throw_diverged(step, text("the loss is ", value));

  backward(loss, full(loss.shape(), 1), hooks.backward);
  const double norm = gradient_norm(parameters_);
  if (!std::isfinite(norm)) throw_diverged(step, text("the gradient norm is ", norm));

  if (recipe_.clip > 0) clip_gradients(parameters_, recipe_.clip, norm);
  excite::step(optimizer_, schedule_.at(step));
  return {value, count_correct(logits->value, batch.labels), norm,
          static_cast<long>(batch.labels.size())};
}

Prefetch TrainingStep::prefetch(long step) {
  const long epoch = step / steps_per_epoch_, begin = step % steps_per_epoch_ * recipe_.batch;
  if (epoch != order_epoch_)
    order_ = recipe_.sampler == "balanced" ? balanced_order(dataset_.labels, recipe_.seed, epoch)
                                           : epoch_order(dataset_.count(), recipe_.seed, epoch),
    order_epoch_ = epoch;
  std::vector<long> indices(order_.begin() + begin, order_.begin() + begin + recipe_.batch);
  return prefetch_batch(dataset_, std::move(indices), training_resize_crop(recipe_), augmentation_,
                        recipe_.seed, transform_key(step));
}

// Identifies the random transforms of the images, with the seed and the image. The balanced sampler
// takes images several times in an epoch, each time with another transform.
long TrainingStep::transform_key(long step) const {
  return recipe_.sampler == "balanced" ? step : step / steps_per_epoch_;
}

// Starts to decode the images of the next step, which happens while this step computes.
Samples TrainingStep::take_samples(long step) {
  if (!next_ || next_step_ != step) next_.emplace(prefetch(step));
  Samples samples = next_->take();
  next_step_ = step + 1;
  next_.reset();
  if (next_step_ < recipe_.epochs * steps_per_epoch_) next_.emplace(prefetch(next_step_));
  return samples;
}

Batch TrainingStep::batch_of(const Samples& samples, long step) const {
  return augment_batch(samples, normalization_, augmentation_, recipe_.seed, transform_key(step));
}

// Batch norm needs two values per channel. Of one image it has them if no map is a single pixel,
// which one pass through the plain operations in evaluation shows. A batch of one image that did
// not shrink is an error of the batch norm, as every step would be skipped.
bool TrainingStep::can_normalize(const Samples& samples) {
  if (samples.images.size() != 1) return !samples.images.empty();
  if (recipe_.batch == 1) return true;
  if (!can_normalize_one_) {
    const UseImplementation plain({.fused = false});
    const Image& image = samples.images.front();
    const Cost cost = cost_of(model_.run(zeros({1, image.height, image.width, 3}), Mode::eval));
    can_normalize_one_ = std::none_of(cost.ops.begin(), cost.ops.end(), [](const OpCost& op) {
      return op.op.starts_with("batch_norm") && op.output.size() == op.output[-1];
    });
  }
  return *can_normalize_one_;
}

// Repeats the step to find the first operation that is not finite. Dropout draws the same masks,
// and batch norm in training does not read the running statistics, so the numbers are the same.
void TrainingStep::throw_diverged(long step, const std::string& symptom) {
  clear_gradients(parameters_);
  model_.module().reseed(recipe_.seed, step);
  Batch batch = batch_of(take_samples(step), step);
  const Var logits = model_(std::move(batch.x), Mode::train);
  const std::string found = find_non_finite(loss_of(logits, batch));
  throw Diverged(text("train: diverged in epoch ", step / steps_per_epoch_ + 1, ", step ",
                      step % steps_per_epoch_ + 1, " of ", steps_per_epoch_, ", at learning rate ",
                      learning_rate(step), ": ", symptom, "; first non-finite result: ",
                      found.empty() ? "the sum of the squared gradients" : found,
                      "; try a smaller --lr, a longer --warmup, or --clip"));
}

}  // namespace excite
