#include "tools/training/step.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "autograd/ops.h"
#include "core/check.h"
#include "core/shard_sums.h"
#include "core/shared_batch.h"
#include "layers/implementation.h"
#include "models/cost.h"
#include "tools/data/mixing.h"
#include "tools/training/class_weights.h"
#include "tools/training/diagnosis.h"
#include "tools/training/earlier_gradients.h"
#include "tools/training/local_batch_norm.h"
#include "tools/training/metrics.h"
#include "tools/training/parameter_groups.h"

namespace excite {

namespace {

// The last part of the key of a random stream; tools/data/batch.cpp has 1 to 4 and 6, layers have
// 0.
enum Stream { mixing_stream = 5 };

// A label that is no class would fail in the middle of an epoch.
void require_labels(const Dataset& dataset, const Model& model) {
  dataset.validate();
  for (long i = 0; i < dataset.count(); i++)
    require(dataset.labels[i] < model.classes, "train: label ", i, " is ", dataset.labels[i],
            ", but the model has ", model.classes, " classes, expected 0 to ", model.classes - 1);
}

long count_steps(const Dataset& dataset, const Recipe& r) {
  const long images = r.batch * r.accumulate;
  require<UsageError>(dataset.count() >= images, "train: --batch ", r.batch,
                      r.accumulate > 1 ? text(" and --accumulate ", r.accumulate) : "",
                      ", but there are only ", dataset.count(),
                      " images to train on; use a smaller --batch");
  return dataset.count() / images;
}

Optimizer make_optimizer(const Recipe& r, const std::vector<Parameter>& parameters) {
  if (r.optimizer == "adamw")
    return AdamW(parameters, {.beta1 = r.momentum, .weight_decay = r.weight_decay});
  if (r.optimizer == "muon")
    return Muon(parameters, {.momentum = r.momentum,
                             .others = {.momentum = 0.85, .weight_decay = r.weight_decay}});
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
  s.floor = r.min_lr;
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
  if (recipe.short_side > 0) return {recipe.image_size, recipe.short_side};
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
      steps_per_epoch_(count_steps(dataset, recipe)),
      sums_(recipe.batch_norm == "local" ? SumOver::own_images : SumOver::whole_batch),
      learning_rates_([schedule = make_schedule(recipe, steps_per_epoch_)](long step) {
        return schedule.at(step);
      }),
      parameters_(parameters_to_train(recipe, model)),
      optimizer_(make_optimizer(recipe, parameters_)) {
  require_labels(dataset, model);
  class_weights_ = class_weights(recipe.class_weights, dataset);
  frozen_ = std::make_unique<FoldedLayers>();
  model_.implementation.folded = frozen_.get();
  if (recipe.ema > 0) average_.emplace(model.module(), recipe.ema);
}

void TrainingStep::share_batches(Ranks& ranks) {
  const SharedBatch possible(ranks, recipe_.batch);
  require_ranks_of(recipe_, ranks.count());
  ranks_ = &ranks;
}

Var TrainingStep::loss_of(const Var& logits, const Batch& batch) const {
  if (!batch.targets.empty()) return cross_entropy(logits, batch.targets);
  const auto smoothing = static_cast<real>(recipe_.label_smoothing);
  return class_weights_.empty() ? cross_entropy(logits, batch.labels, smoothing)
                                : cross_entropy(logits, batch.labels, class_weights_, smoothing);
}

StepResult TrainingStep::run(long step, const StepHooks& hooks) {
  require_ranks_of(recipe_, ranks_ ? ranks_->count() : 1);
  StepResult result{0, 0, 0, 0, true};
  for (long part = 0; part < recipe_.accumulate; part++) {
    const StepResult of_batch = add_gradients(step * recipe_.accumulate + part, hooks);
    result.skipped = result.skipped && of_batch.skipped;
    result.loss += of_batch.loss / static_cast<double>(recipe_.accumulate);
    result.correct += of_batch.correct;
    result.images += of_batch.images;
  }
  if (result.skipped) return result;
  if (is_local()) {
    add_gradients_of_ranks(*ranks_, parameters_);
    average_running_statistics(*ranks_, model_.module());
  }
  result.gradient_norm = gradient_norm(parameters_);
  if (!std::isfinite(result.gradient_norm))
    throw_diverged(step, text("the gradient norm is ", result.gradient_norm));

  if (recipe_.clip > 0) clip_gradients(parameters_, recipe_.clip, result.gradient_norm);
  excite::step(optimizer_, learning_rate(step));
  if (average_) average_->update(step);
  return result;
}

// Adds the gradients of one batch: those of its mean loss, divided by the number of batches.
StepResult TrainingStep::add_gradients(long batch_number, const StepHooks& hooks) {
  const OwnSamples own = take_samples(batch_number);
  if (!can_normalize(own)) return {0, 0, 0, 0, true};
  std::optional<SharedBatch> shared;
  if (own.is_shared) shared.emplace(*ranks_, own.images, sums_);
  Batch batch = batch_of(own.samples, batch_number);
  if (hooks.batch_ready) hooks.batch_ready();
  const Var images(std::move(batch.x));
  model_.module().reseed(recipe_.seed, batch_number);
  const Var logits = model_(images, Mode::train);
  const Var loss = loss_of(logits, batch);
  double value = static_cast<double>(loss->value.item());
  if (is_local()) value = all_reduce_sum(*ranks_, own.loss_weight * value);
  if (!std::isfinite(value))
    throw_diverged(batch_number / recipe_.accumulate, text("the loss is ", value));
  const auto share = static_cast<real>(own.loss_weight / static_cast<double>(recipe_.accumulate));
  EarlierGradients earlier(parameters_);
  CollectedSums gradients;
  backward(loss, full(loss.shape(), share), hooks.backward);
  gradients.exchange();
  earlier.add_new();
  const long correct = count_correct(logits->value, batch.labels);
  return {value, own.is_shared ? all_reduce_sum(*ranks_, correct) : correct, 0, own.images};
}

// The images of a batch, in its order.
std::vector<long> TrainingStep::indices_of(long batch) {
  const long epoch = epoch_of(batch), per_epoch = steps_per_epoch_ * recipe_.accumulate;
  const long begin = batch % per_epoch * recipe_.batch;
  if (epoch != order_epoch_)
    order_ = recipe_.sampler == "balanced" ? balanced_order(dataset_.labels, recipe_.seed, epoch)
                                           : epoch_order(dataset_.count(), recipe_.seed, epoch),
    order_epoch_ = epoch;
  return {order_.begin() + begin, order_.begin() + begin + recipe_.batch};
}

Prefetch TrainingStep::prefetch(std::vector<long> indices, long batch) const {
  return prefetch_batch(dataset_, std::move(indices), training_resize_crop(recipe_), augmentation_,
                        recipe_.seed, transform_key(batch));
}

// Identifies the random transforms of the images, with the seed and the image. The balanced sampler
// takes images several times in an epoch, each time with another transform.
long TrainingStep::transform_key(long batch) const {
  return recipe_.sampler == "balanced" ? batch : epoch_of(batch);
}

// Starts to decode the images of the next batch, which happens while this one is computed.
OwnSamples TrainingStep::take_samples(long batch) {
  const auto own_of = [&](long number) { return own_part(ranks_, indices_of(number)); };
  if (!next_ || next_batch_ != batch) next_.emplace(prefetch(own_of(batch), batch));
  Samples samples = next_->take();
  next_batch_ = batch + 1;
  next_.reset();
  if (epoch_of(next_batch_) < recipe_.epochs)
    next_.emplace(prefetch(own_of(next_batch_), next_batch_));
  return agree_on_samples(
      ranks_, sums_, std::move(samples), recipe_.batch,
      [&](std::vector<long> again) { return prefetch(std::move(again), batch).take(); });
}

Batch TrainingStep::batch_of(const Samples& samples, long batch_number) const {
  Batch batch = augment_batch(samples, normalization_, augmentation_, recipe_.seed,
                              transform_key(batch_number));
  const Mixing mixing{recipe_.mixup, recipe_.cutmix};
  if (mixing.active()) {
    Rng rng(recipe_.seed, batch_number, static_cast<long>(mixing_stream));
    mix(batch, draw_mix(mixing, batch.x.dim(1), batch.x.dim(2), rng), model_.classes,
        recipe_.label_smoothing);
  }
  return batch;
}

// Batch norm needs two values per channel. Of one image it has them if no map is a single pixel,
// which one pass through the plain operations in evaluation shows. If a rank normalizes one image
// of each batch, this is an error of the batch norm, as every step would be skipped.
bool TrainingStep::can_normalize(const OwnSamples& own) {
  if (own.images == 0) return false;
  if (own.fewest_per_batch_norm > 1 || fewest_per_batch_norm(ranks_, sums_, recipe_.batch) == 1)
    return true;
  if (!can_normalize_one_) {
    const UseImplementation plain({.fused = false});
    const Image& image = own.samples.images.front();
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
  std::string found;
  for (long part = 0; part < recipe_.accumulate && found.empty(); part++) {
    const long batch_number = step * recipe_.accumulate + part;
    const OwnSamples own = take_samples(batch_number);
    if (!can_normalize(own)) continue;
    std::optional<SharedBatch> shared;
    if (own.is_shared) shared.emplace(*ranks_, own.images, sums_);
    model_.module().reseed(recipe_.seed, batch_number);
    Batch batch = batch_of(own.samples, batch_number);
    const Var logits = model_(std::move(batch.x), Mode::train);
    found = find_non_finite(loss_of(logits, batch));
  }
  throw Diverged(text("train: diverged in epoch ", step / steps_per_epoch_ + 1, ", step ",
                      step % steps_per_epoch_ + 1, " of ", steps_per_epoch_, ", at learning rate ",
                      learning_rate(step), ": ", symptom, "; first non-finite result: ",
                      found.empty() ? "the sum of the squared gradients" : found,
                      "; try a smaller --lr, a longer --warmup, or --clip"));
}

}  // namespace excite
