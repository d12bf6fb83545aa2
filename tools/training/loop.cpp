#include "tools/training/loop.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include "core/check.h"
#include "core/kernels/elementwise.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "core/text.h"
#include "tools/training/diagnosis.h"
#include "tools/training/preparation.h"
#include "tools/training/whitening.h"

namespace excite {

namespace {

double seconds_since(std::chrono::steady_clock::time_point then) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - then).count();
}

Model own_model(const Recipe& recipe, Model model, long classes) {
  require<UsageError>(model.classes == classes, "train: the model ", model.name, " has ",
                      model.classes, " classes, but the images have ", classes);
  model.implementation = parse_implementation(recipe.plain, recipe.conv);
  return model;
}

}  // namespace

Training::Training(const Recipe& recipe, DataSplit data, TrainingCallbacks callbacks)
    : Training(
          recipe, [&](long classes) { return make_model(recipe, classes); }, std::move(data),
          std::move(callbacks)) {}

Training::Training(const Recipe& recipe, const Model& model, DataSplit data,
                   TrainingCallbacks callbacks)
    : Training(
          recipe, [&](long classes) { return own_model(recipe, model, classes); }, std::move(data),
          std::move(callbacks)) {}

Training::Training(const Recipe& recipe, const std::function<Model(long classes)>& make,
                   DataSplit data, TrainingCallbacks callbacks)
    : data_(images_of(std::move(data), recipe)),
      normalization_(normalization_of(recipe, data_.train)),
      model_(make(data_.train.class_count())),
      batch_asked_for_(recipe.batch),
      recipe_(completed(recipe, model_, data_.train)),
      metadata_(run_metadata(
          recipe_, model_,
          preprocessing_of(data_.train, normalization_, evaluation_resize_crop(recipe_)))),
      step_(recipe_, model_, data_.train, normalization_),
      callbacks_(std::move(callbacks)) {
  whiten(model_, data_.train, normalization_, training_resize_crop(recipe_));
}

std::string Training::summary() const {
  std::vector<std::string> sets{text(data_.train.count(), " training")};
  if (data_.validation.count() > 0) sets.push_back(text(data_.validation.count(), " validation"));
  if (data_.test.count() > 0) sets.push_back(text(data_.test.count(), " test"));
  return text(model_.name, ": ", model_.module().parameter_count(), " parameters; ",
              join(sets, ", "), " images of ", counted(std::ssize(data_.train.classes), "class"),
              ", ", recipe_.image_size, "x", recipe_.image_size, " pixels, augmentation ",
              recipe_.augment, "; ", counted(recipe_.epochs, "epoch"), " of ",
              counted(step_.steps_per_epoch(), "step"), "; ", counted(threads(), "thread"));
}

std::string Training::batch_line() const {
  if (recipe_.batch == batch_asked_for_) return "";
  return text("batch: ", batch_asked_for_, " is lowered to ", recipe_.batch,
              ", the number of training images\n");
}

NamedTensors Training::full_state() {
  NamedTensors all = state_of(model_.module());
  for (const auto& entry : state(step_.optimizer())) all.push_back(entry);
  if (WeightAverage* average = step_.average())
    for (const auto& entry : average->state()) all.push_back(entry);
  return all;
}

std::string Training::load_initial_weights(const InitialWeights& initial_weights) {
  if (initial_weights.file.empty()) return "";
  std::string line;
  if (is_first_rank()) line = read_initial_weights(initial_weights, model_, data_.train.classes);
  copy_state_of_first_rank();
  return line;
}

void Training::resume_from(const std::string& checkpoint) {
  if (is_first_rank()) read_checkpoint(checkpoint);
  copy_state_of_first_rank();
}

void Training::read_checkpoint(const std::string& checkpoint) {
  Recipe saved = recipe_;
  saved.epochs = epochs_of_checkpoint(checkpoint);
  const Metadata metadata =
      run_metadata(saved, model_,
                   preprocessing_of(data_.train, normalization_, evaluation_resize_crop(recipe_)));
  position_ = load_checkpoint(checkpoint, metadata, saved.epochs, step_.steps_per_epoch(),
                              full_state(), names_as_in_memory(model_.module()));
}

// A random window of an image is cut from its own pixels, so they are kept as they are.
CachedImages Training::cache_images(long max_bytes) {
  const bool whole = parse_augmentation(recipe_.augment).resized_crop;
  CachedImages all;
  for (Dataset* set : {&data_.train, &data_.validation, &data_.test}) {
    const ResizeCrop training = whole ? ResizeCrop{} : training_resize_crop(recipe_);
    const CachedImages cached =
        excite::cache_images(*set, set == &data_.train ? training : evaluation_resize_crop(recipe_),
                             max_bytes - all.bytes);
    all.images += cached.images, all.bytes += cached.bytes;
  }
  return all;
}

double Training::last_learning_rate() const {
  return step_.learning_rate(std::max(0l, position_.step - 1));
}

void Training::require_finite(const NamedTensors& state) const {
  for (const auto& [name, tensor] : state)
    require<Diverged>(all_finite(*tensor), "train: diverged in epoch ", position_.epoch + 1,
                      ", step ", position_.sums.steps, " of ", step_.steps_per_epoch(),
                      ", at learning rate ", last_learning_rate(), ": after the update, ", name,
                      " is not finite; try a smaller --lr, a longer --warmup, or --clip");
}

// A state that is not finite never replaces a good checkpoint.
void Training::save(const std::string& path, const NamedTensors& state) const {
  require_finite(state);
  save_checkpoint(path, metadata_, recipe_.epochs, step_.steps_per_epoch(), position_, state,
                  names_as_in_memory(model_.module()));
}

int Training::run_in(const RunFolder* folder) {
  run_start_ = Clock::now();
  steps_before_run_ = position_.step;
  while (position_.epoch < recipe_.epochs && !is_out_of_patience(folder)) {
    if (train_epoch() && finish_epoch(folder)) continue;
    if (folder) {
      folder->require_in_place();
      save(folder->last(), full_state());
    }
    return 128 + stop();
  }
  return 0;
}

// Ranks get a signal at different times, and stop together.
int Training::stop() const {
  const int own = callbacks_.stop ? callbacks_.stop() : 0;
  if (!ranks_) return own;
  const std::vector<int> all = all_gather(*ranks_, own);
  return *std::max_element(all.begin(), all.end());
}

void Training::share_batches(Ranks& ranks) {
  step_.share_batches(ranks);
  ranks_ = &ranks;
}

// The files of a run are on the machine of rank 0.
void Training::copy_state_of_first_rank() {
  if (!ranks_) return;
  broadcast(*ranks_, &position_, sizeof position_);
  for (const auto& [name, tensor] : full_state())
    broadcast(*ranks_, tensor->data(), tensor->size() * static_cast<long>(sizeof(real)));
}

double Training::estimate_seconds() {
  const long steps = std::min(5l, total_steps());
  step_(0);  // makes buffers
  Clock::time_point begin = Clock::now();
  for (long i = 0; i < steps; i++) step_(std::min(i + 1, total_steps() - 1));
  double seconds =
      seconds_since(begin) / static_cast<double>(steps) * static_cast<double>(total_steps());
  const Dataset& evaluated = data_.test.count() > 0 ? data_.test : data_.validation;
  if (evaluated.count() == 0) return seconds;
  const Dataset some = keep_first(evaluated, 4 * recipe_.batch);
  begin = Clock::now();
  measure_accuracy(Ensemble({{model_, normalization_, 1, evaluation_resize_crop(recipe_)}}), some,
                   {.batch = recipe_.batch, .ranks = ranks_});
  const long images = recipe_.epochs * (data_.test.count() + data_.validation.count());
  seconds += seconds_since(begin) * static_cast<double>(images) / static_cast<double>(some.count());
  return seconds;
}

// A function of the log, so a resumed run ends after the same epoch.
bool Training::is_out_of_patience(const RunFolder* folder) const {
  if (recipe_.patience == 0 || position_.epoch == 0) return false;
  std::vector<EpochRow> rows;
  if (folder) rows = read_log(folder->log());
  std::erase_if(rows, [&](const EpochRow& row) { return row.epoch > position_.epoch; });
  long epochs = epochs_without_progress(rows, recipe_.min_delta);
  if (ranks_) epochs = all_gather(*ranks_, epochs)[0];
  if (epochs < recipe_.patience) return false;
  print(text("no better validation accuracy in ", counted(epochs, "epoch"),
             ": the run ends after epoch ", position_.epoch, " of ", recipe_.epochs));
  return true;
}

StepResult Training::take_step() {
  if (!step_function_) return step_(position_.step);
  return step_function_(step_, position_.step, [&](const std::string& line) { print(line); });
}

bool Training::train_epoch() {
  epoch_start_ = Clock::now();
  images_before_run_ = position_.sums.images;
  training_seconds_ = 0;
  const Traffic before = ranks_ ? ranks_->traffic() : Traffic{};
  shared_steps_ = 0;
  for (const long end = (position_.epoch + 1) * step_.steps_per_epoch(); position_.step < end;) {
    if (stop() != 0) return false;
    const StepResult result = take_step();
    position_.step++;
    position_.sums.steps++;
    position_.sums.skipped += result.skipped;
    position_.sums.images += result.images;
    position_.sums.correct += result.correct;
    position_.sums.loss += result.loss;
    position_.sums.gradient_norm += result.gradient_norm;
    training_seconds_ = seconds_since(epoch_start_);
    shared_steps_++;
    if (ranks_) traffic_of_steps_ = ranks_->traffic() - before;
    if (callbacks_.progress) callbacks_.progress(progress());
  }
  return true;
}

bool Training::evaluate(const Dataset& set, const char* name,
                        std::optional<SetResult>& result) const {
  if (set.count() == 0) return true;
  bool stopped = false;
  const Metrics metrics =
      measure_accuracy(Ensemble({{model_, normalization_, 1, evaluation_resize_crop(recipe_)}},
                                recipe_.test_flip ? Crops::center_and_flip : Crops::center),
                       set, {.batch = recipe_.batch, .ranks = ranks_}, [&](const Metrics& so_far) {
                         if (!std::isfinite(so_far.loss())) return false;
                         stopped = stop() != 0;
                         return !stopped;
                       });
  if (!std::isfinite(metrics.loss())) throw_diverged(set, name, metrics.loss());
  result = {metrics.loss(), metrics.top1()};
  return !stopped;
}

bool Training::finish_epoch(const RunFolder* folder) {
  std::optional<SetResult> validation, test;
  {
    const UseAverage use(step_.average());
    if (!evaluate(data_.validation, "validation", validation) ||
        !evaluate(data_.test, "test", test))
      return false;
  }
  // Checked before the log gets a row of this epoch, and while position_ still says which step it
  // is.
  require_finite(full_state());

  report_skipped_steps();
  EpochRow row = make_row();
  row.validation = validation, row.test = test;
  const bool best = validation && validation->accuracy > position_.best_accuracy;
  position_.epoch++;
  position_.sums = {};
  position_.accuracy = (validation ? validation : test).value_or(SetResult{}).accuracy;
  if (best) position_.best_accuracy = validation->accuracy;
  if (folder) write_epoch(*folder, row, best);
  print(describe(row, recipe_.epochs));
  if (ranks_) print(text("communication per step: ", describe(traffic_of_steps_, shared_steps_)));
  return true;
}

// The log is written first and last.safetensors last. A process that is killed in between leaves
// files about an epoch that last.safetensors does not contain. They are written again when the run
// is resumed from there.
void Training::write_epoch(const RunFolder& folder, const EpochRow& row, bool best) {
  folder.require_in_place();
  write_log_row(folder.log(), row);
  {
    const UseAverage use(step_.average());
    if (best) save(folder.best(), state_of(model_.module()));
    if (step_.average()) save(folder.ema(), state_of(model_.module()));
    if (kept_epochs_ > 0) {
      save(folder.epoch(position_.epoch), state_of(model_.module()));
      std::filesystem::remove(folder.epoch(position_.epoch - kept_epochs_));
    }
  }
  save(folder.last(), full_state());
}

double Training::images_since_start() const {
  return static_cast<double>(position_.sums.images - images_before_run_);
}

// At least 1, as it divides sums that are 0 before the first step.
double Training::steps_taken() const {
  return static_cast<double>(std::max(1l, position_.sums.steps - position_.sums.skipped));
}

void Training::report_skipped_steps() const {
  const long skipped = position_.sums.skipped, steps = position_.sums.steps;
  require<FileError>(skipped < steps || steps == 0, data_.train.source, ": in none of the ", steps,
                     " steps of epoch ", position_.epoch + 1,
                     " could enough images be decoded to normalize the batch");
  if (skipped > 0)
    print(text("epoch ", position_.epoch + 1, ": skipped ", counted(skipped, "step"), " of ", steps,
               ", as too few of their images could be decoded to normalize the batch"));
}

EpochRow Training::make_row() const {
  const double steps = steps_taken();
  return {.epoch = position_.epoch + 1,
          .train_loss = position_.sums.loss / steps,
          .train_accuracy = static_cast<double>(position_.sums.correct) /
                            static_cast<double>(std::max(1l, position_.sums.images)),
          .validation = {},
          .test = {},
          .learning_rate = last_learning_rate(),
          .gradient_norm = position_.sums.gradient_norm / steps,
          .images_per_second = training_seconds_ > 0 ? images_since_start() / training_seconds_ : 0,
          .seconds = seconds_since(epoch_start_),
          .peak_megabytes = peak_megabytes(),
          .sent_megabytes = static_cast<double>(traffic_of_steps_.bytes) / 1e6,
          .communication_seconds = traffic_of_steps_.seconds};
}

Progress Training::progress() const {
  const double steps = steps_taken();
  const double seconds_per_step =  // evaluations included
      seconds_since(run_start_) / static_cast<double>(position_.step - steps_before_run_);
  return {.epoch = position_.epoch + 1,
          .epochs = recipe_.epochs,
          .step = position_.sums.steps,
          .steps = step_.steps_per_epoch(),
          .loss = position_.sums.loss / steps,
          .accuracy = static_cast<double>(position_.sums.correct) /
                      static_cast<double>(std::max(1l, position_.sums.images)),
          .images_per_second = images_since_start() / training_seconds_,
          .seconds_left = seconds_per_step * static_cast<double>(total_steps() - position_.step)};
}

void Training::throw_diverged(const Dataset& set, const char* name, double loss) const {
  const std::string found =
      find_non_finite_in_evaluation(model_, set, evaluation_batch_size(set, recipe_.batch),
                                    evaluation_resize_crop(recipe_), normalization_);
  throw Diverged(text("train: diverged in epoch ", position_.epoch + 1, ", after step ",
                      position_.sums.steps, " of ", step_.steps_per_epoch(), ", at learning rate ",
                      last_learning_rate(), ": the ", name, " loss is ", loss,
                      "; first non-finite result: ",
                      found.empty() ? "none found when the evaluation was repeated" : found,
                      "; try a smaller --lr, a longer --warmup, or --clip"));
}

}  // namespace excite
