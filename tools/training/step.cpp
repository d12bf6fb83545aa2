#include "tools/training/step.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "autograd/ops.h"
#include "core/check.h"
#include "tools/training/diagnosis.h"
#include "tools/training/metrics.h"

namespace excite {

namespace {

long correct(const Tensor& logits, const std::vector<int>& labels) {
  const long classes = logits.dim(-1);
  const real* row = logits.data();
  long count = 0;
  for (const int label : labels) count += rank_of(row, classes, label) == 0, row += classes;
  return count;
}

long whole_batches(const Dataset& dataset, long batch) {
  require<UsageError>(dataset.count() >= batch, "train: --batch ", batch, ", but there are only ",
                      dataset.count(), " images to train on");
  return dataset.count() / batch;
}

std::vector<Parameter> trained(const Module& module, const std::string& decay) {
  std::vector<Parameter> all;
  for (const Module::Entry& e : module.state())
    if (e.kind != Module::Kind::buffer)
      all.push_back({e.name, e.var, decay == "all" || e.kind == Module::Kind::weight});
  return all;
}

Optimizer make_optimizer(const Recipe& r, const std::vector<Parameter>& trained) {
  if (r.optimizer == "adamw")
    return AdamW(trained, {.beta1 = r.momentum, .weight_decay = r.weight_decay});
  return Sgd(trained, {.momentum = r.momentum,
                       .nesterov = r.nesterov && r.momentum > 0,
                       .weight_decay = r.weight_decay});
}

// From epochs to steps.
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
                                 ? usual_short_side(recipe.image_size)
                                 : recipe.image_size};
}

TrainingStep::TrainingStep(const Recipe& recipe, const Model& model, const Dataset& dataset,
                           const Normalization& normalization)
    : recipe_(recipe),
      mode_(recipe.plain ? Mode::train_plain : Mode::train),
      model_(model),
      dataset_(dataset),
      normalization_(normalization),
      augmentation_(parse_augmentation(recipe.augment)),
      per_epoch_(whole_batches(dataset, recipe.batch)),
      schedule_(make_schedule(recipe, per_epoch_)),
      trained_(trained(model.module, recipe.decay)),
      optimizer_(make_optimizer(recipe, trained_)) {}

StepResult TrainingStep::run(long step, const StepVisitor& visitor) {
  Batch batch = batch_of(step);
  if (visitor.batch_made) visitor.batch_made();
  const Var images(std::move(batch.x));
  model_.module.reseed(recipe_.seed, step);
  const Var logits = model_(images, mode_);
  const Var loss = cross_entropy(logits, batch.labels, static_cast<real>(recipe_.label_smoothing));
  const double value = static_cast<double>(loss->value.item());
  if (!std::isfinite(value)) explain(step, text("the loss is ", value));

  backward(loss, full(loss.shape(), 1), visitor.backward);
  const double norm = gradient_norm(trained_);
  if (!std::isfinite(norm)) explain(step, text("the gradient norm is ", norm));

  if (recipe_.clip > 0) clip_gradients(trained_, recipe_.clip, norm);
  excite::step(optimizer_, schedule_.at(step));
  return {value, correct(logits->value, batch.labels), norm,
          static_cast<long>(batch.labels.size())};
}

Prefetch TrainingStep::read(long step) {
  const long epoch = step / per_epoch_, begin = step % per_epoch_ * recipe_.batch;
  if (epoch != order_epoch_)
    order_ = epoch_order(dataset_.count(), recipe_.seed, epoch), order_epoch_ = epoch;
  std::vector<long> numbers(order_.begin() + begin, order_.begin() + begin + recipe_.batch);
  return read_for_training(dataset_, std::move(numbers), training_resize_crop(recipe_),
                           augmentation_, recipe_.seed, epoch);
}

// The images of the next step are read while this one computes.
Batch TrainingStep::batch_of(long step) {
  if (!next_ || next_step_ != step) next_.emplace(read(step));
  const Samples samples = next_->take();
  next_step_ = step + 1;
  next_.reset();
  if (next_step_ < recipe_.epochs * per_epoch_) next_.emplace(read(next_step_));
  return augmented(samples, normalization_, augmentation_, recipe_.seed, step / per_epoch_);
}

// The same step once more, looked at closely. Dropout draws the same masks, and in training batch
// normalization does not read the running statistics, so it comes to the same numbers.
void TrainingStep::explain(long step, const std::string& symptom) {
  for (const Var& p : model_.module.parameters()) p->grad = Tensor();
  model_.module.reseed(recipe_.seed, step);
  Batch batch = batch_of(step);
  const Var logits = model_(std::move(batch.x), mode_);
  const std::string where = first_not_finite(
      cross_entropy(logits, batch.labels, static_cast<real>(recipe_.label_smoothing)));
  throw Diverged(
      text("train: diverged in epoch ", step / per_epoch_ + 1, ", step ", step % per_epoch_ + 1,
           " of ", per_epoch_, ", at learning rate ", learning_rate(step), ": ", symptom,
           "; first not finite: ", where.empty() ? "the sum of all gradients' squares" : where,
           "; try a smaller --lr, a longer --warmup, or --clip"));
}

}  // namespace excite
