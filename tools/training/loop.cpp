#include "tools/training/loop.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <numeric>
#include <utility>

#include "autograd/ops.h"
#include "core/check.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "tools/training/config.h"
#include "tools/training/diagnosis.h"
#include "tools/training/report.h"
#include "tools/training/signals.h"

namespace excite {

namespace {

double seconds_since(std::chrono::steady_clock::time_point then) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - then).count();
}

DataSplit load_limited(const std::string& where, long limit, Broken broken) {
  DataSplit data = load_data(where, broken);
  if (limit > 0) {
    data.train = keep_first(std::move(data.train), limit);
    data.test = keep_first(std::move(data.test), limit);
  }
  return data;
}

Model draw_model(const Recipe& recipe, const Dataset& dataset) {
  Rng rng(recipe.seed);
  return make_model(recipe.model, recipe.options, static_cast<long>(dataset.classes.size()), rng);
}

Preprocessing preprocessing_of(const Dataset& dataset, const Normalization& normalization,
                               const ResizeCrop& resize_crop) {
  return {dataset.classes, normalization.mean, normalization.deviation, resize_crop.side,
          resize_crop.short_side};
}

// With all that follows from the model and the images. Images in memory are seen at their own size,
// those in files at the model's. Where these differ a random part of each is shown, resized; where
// they are the same that would only blur them.
Recipe resolved(Recipe recipe, const Model& model, const Dataset& dataset) {
  recipe.options = model.options;
  if (recipe.image_size == 0)
    recipe.image_size = dataset.in_files() ? model.image_size : dataset.height;
  const bool of_this_size =
      dataset.height == recipe.image_size && dataset.width == recipe.image_size;
  if (recipe.augment.empty())
    recipe.augment = of_this_size || !dataset.in_files() ? "crop,flip" : "resized-crop,flip";
  const bool blotted = parse_augmentation(recipe.augment).cutout;
  require<UsageError>(!blotted || recipe.image_size >= cutout_side, "train: images of ",
                      recipe.image_size, " pixels have no room for the ", cutout_side,
                      " of cutout; --augment crop,flip would do");
  require<UsageError>(recipe.image_size >= model.smallest, "train: images of ", recipe.image_size,
                      " pixels are too small for ", model.name, ", which needs ", model.smallest,
                      "; --image-size ", model.smallest, " would do");
  return recipe;
}

}  // namespace

Training::Training(const Recipe& recipe, DataSplit data, std::function<int()> stop)
    : data_(std::move(data)),
      normalization_(measure(data_.train)),
      model_(draw_model(recipe, data_.train)),
      recipe_(resolved(recipe, model_, data_.train)),
      metadata_(run_metadata(
          recipe_, model_,
          preprocessing_of(data_.train, normalization_, evaluation_resize_crop(recipe_)))),
      step_(recipe_, model_, data_.train, normalization_),
      stop_(std::move(stop)),
      progress_(stdout) {}

std::string Training::summary() const {
  return text(model_.name, ": ", model_.module.parameter_count(), " parameters, ",
              data_.train.count(), " images of ", data_.train.classes.size(),
              " classes to train on and ", data_.test.count(), " to test on, seen at ",
              recipe_.image_size, "x", recipe_.image_size, " after ", recipe_.augment, ", ",
              recipe_.epochs, " epochs of ", step_.per_epoch(), " steps, ", threads(),
              threads() == 1 ? " thread" : " threads");
}

NamedTensors Training::whole_state() {
  NamedTensors all = state_of(model_.module);
  for (const auto& entry : state(step_.optimizer())) all.push_back(entry);
  return all;
}

std::string Training::start_from(const Start& start) {
  if (start.weights.empty()) return "";
  const SafetensorsFile file(start.weights);
  const Description there = describe(file, {model_.name, model_.options});
  const std::string line =
      text("weights: ", start.weights, there.origin.empty() ? "" : ", ", there.origin);
  if (start.classifier == Start::Classifier::drawn) {
    load_but_classifier(model_, file);
    return text(line, "; the classifier is new\n");
  }
  const std::vector<std::string>&classes = there.preprocessing.classes, &here = data_.train.classes;
  const bool same =
      there.origin.empty()
          ? classes == here
          : classes.size() == here.size();  // another program's files do not name them
  require<UsageError>(same, "train: ", start.weights, " tells apart ", classes.size(),
                      " classes, and they are not the ", here.size(),
                      " of the images; --new-head keeps all of its weights but the classifier's");
  load_tensors(file, state_of(model_.module), "optimizer.");
  return line + "\n";
}

void Training::continue_from(const std::string& checkpoint) {
  position_ =
      load_checkpoint(checkpoint, metadata_, recipe_.epochs, step_.per_epoch(), whole_state());
}

void Training::profile_into(const std::string& path) {
  profile_.emplace(path, recipe_.epochs * step_.per_epoch());
}

void Training::require_finite(const NamedTensors& state) const {
  for (const auto& [name, tensor] : state)
    require<Diverged>(all_finite(*tensor), "train: diverged in epoch ", position_.epoch + 1,
                      ", step ", position_.sums.steps, ", at learning rate ",
                      step_.learning_rate(position_.step - 1), ": the step made ", name,
                      " not finite; try a smaller --lr, a longer --warmup, or --clip");
}

// What is not finite never takes the place of a good checkpoint.
void Training::save(const std::string& path, const NamedTensors& state) const {
  require_finite(state);
  save_checkpoint(path, metadata_, position_, state);
}

int Training::run(const RunFolder& folder) {
  run_began_ = Clock::now();
  steps_before_run_ = position_.step;
  while (position_.epoch < recipe_.epochs) {
    if (train_epoch() && finish_epoch(folder)) continue;
    save(folder.last(), whole_state());
    progress_.line(text("stopped in epoch ", position_.epoch + 1, " after step ",
                        position_.sums.steps, " of ", step_.per_epoch(),
                        "; all is saved. To continue:\n", resume_command(folder)));
    return 128 + stop_();
  }
  return 0;
}

StepResult Training::take_step() {
  if (!profile_ || !profile_->wants(position_.step)) return step_(position_.step);
  const StepResult result = profile_->watch(step_, position_.step);
  if (position_.step == Profile::last)
    progress_.line(text("profile of steps ", Profile::first + 1, " to ", Profile::last + 1, ": ",
                        profile_->path(), " (chrome://tracing or ui.perfetto.dev opens it)"));
  return result;
}

bool Training::train_epoch() {
  epoch_began_ = Clock::now();
  images_before_ = position_.sums.images;
  training_seconds_ = 0;
  for (const long end = (position_.epoch + 1) * step_.per_epoch(); position_.step < end;) {
    if (stop_() != 0) return false;
    const StepResult result = take_step();
    position_.step++;
    position_.sums.steps++;
    position_.sums.images += result.images;
    position_.sums.correct += result.correct;
    position_.sums.loss += result.loss;
    position_.sums.gradient_norm += result.gradient_norm;
    training_seconds_ = seconds_since(epoch_began_);
    show_progress();
  }
  return true;
}

// The log comes first and last.safetensors last, so whatever a kill leaves behind is about epochs
// that last.safetensors does not know yet, and is written again, the same, when the run goes on
// from there.
bool Training::finish_epoch(const RunFolder& folder) {
  const Metrics test = measure_accuracy(
      Ensemble({{model_, normalization_, 1, evaluation_resize_crop(recipe_)}}), data_.test,
      {recipe_.batch},
      [&](const Metrics& so_far) { return std::isfinite(so_far.loss()) && stop_() == 0; });
  if (!std::isfinite(test.loss())) explain(test);
  if (stop_() != 0) return false;
  require_finite(whole_state());  // while position_ still says which step it was, and before the
                                  // log has a row of it

  const EpochRow finished = row(test);
  const bool best = test.top1() > position_.best_accuracy;
  position_.epoch++;
  position_.sums = {};
  position_.accuracy = test.top1();
  if (best) position_.best_accuracy = test.top1();
  write_log_row(folder.log(), finished);
  if (best) save(folder.best(), state_of(model_.module));
  save(folder.last(), whole_state());

  char line[200];
  const int digits = static_cast<int>(std::to_string(recipe_.epochs).size());
  std::snprintf(line, sizeof line,
                "epoch %*ld/%ld  loss %.4f  accuracy %5.2f %%  test loss %.4f  test accuracy %5.2f "
                "%%  %.0f images/s  %s",
                digits, finished.epoch, recipe_.epochs, finished.train_loss,
                100 * finished.train_accuracy, finished.test_loss, 100 * finished.test_accuracy,
                finished.images_per_second, clock(finished.seconds).c_str());
  progress_.line(line);
  return true;
}

double Training::images_here() const {
  return static_cast<double>(position_.sums.images - images_before_);
}

EpochRow Training::row(const Metrics& test) const {
  const double steps = static_cast<double>(position_.sums.steps);
  return {.epoch = position_.epoch + 1,
          .train_loss = position_.sums.loss / steps,
          .train_accuracy = static_cast<double>(position_.sums.correct) /
                            static_cast<double>(position_.sums.images),
          .test_loss = test.loss(),
          .test_accuracy = test.top1(),
          .learning_rate = step_.learning_rate(position_.step - 1),
          .gradient_norm = position_.sums.gradient_norm / steps,
          .images_per_second = training_seconds_ > 0 ? images_here() / training_seconds_ : 0,
          .seconds = seconds_since(epoch_began_),
          .peak_megabytes = peak_megabytes()};
}

void Training::show_progress() {
  const double steps = static_cast<double>(position_.sums.steps);
  const double per_step =
      seconds_since(run_began_) /
      static_cast<double>(position_.step - steps_before_run_);  // evaluations included
  progress_.show(
      {.epoch = position_.epoch + 1,
       .epochs = recipe_.epochs,
       .step = position_.sums.steps,
       .steps = step_.per_epoch(),
       .loss = position_.sums.loss / steps,
       .accuracy =
           static_cast<double>(position_.sums.correct) / static_cast<double>(position_.sums.images),
       .images_per_second = images_here() / training_seconds_,
       .seconds_left =
           per_step * static_cast<double>(recipe_.epochs * step_.per_epoch() - position_.step)});
}

// The evaluation once more, this time recorded, up to the batch at which it stopped.
void Training::explain(const Metrics& test) const {
  std::string where;
  const long at_once = max_at_once(data_.test, recipe_.batch);
  for (long begin = 0; begin < data_.test.count() && where.empty(); begin += at_once) {
    std::vector<long> numbers(std::min(at_once, data_.test.count() - begin));
    std::iota(numbers.begin(), numbers.end(), begin);
    const Samples samples = Prefetch(data_.test, std::move(numbers), as_it_is).take();
    if (samples.images.empty()) continue;
    Tensor x =
        make_crops(samples.images, evaluation_resize_crop(recipe_), normalization_, Crops::center);
    where = first_not_finite(cross_entropy(model_(std::move(x), Mode::evaluate), samples.labels));
  }
  throw Diverged(
      text("train: diverged in epoch ", position_.epoch + 1, ", after step ", position_.sums.steps,
           " of ", step_.per_epoch(), ", at learning rate ",
           step_.learning_rate(position_.step - 1), ": the test loss is ", test.loss(),
           "; first not finite: ", where.empty() ? "nothing, operation by operation" : where,
           "; try a smaller --lr, a longer --warmup, or --clip"));
}

namespace {

int finish(Training& training, const RunFolder& folder, const std::string& data) {
  const int code = training.run(folder);
  if (code != 0) return code;
  char line[100];
  std::snprintf(line, sizeof line, "test accuracy: %.2f %% after %ld epochs",
                100 * training.position().accuracy, training.recipe().epochs);
  std::cout << line << "\n" << what_now(folder, data) << std::endl;
  return 0;
}

}  // namespace

int train_anew(const Recipe& recipe, const Start& start, const std::string& data,
               const std::string& out, const std::string& profile, Broken broken) {
  require<UsageError>(
      out.empty() || !std::filesystem::exists(out), "train: --out ", out,
      ": it exists already; add --resume to continue the run in it, or give another name");
  const StopSignals signals;
  Training training(recipe, load_limited(data, recipe.limit, broken),
                    [&] { return signals.asked(); });
  const std::string begun = training.start_from(start);
  if (!profile.empty()) training.profile_into(profile);
  const RunFolder folder =
      out.empty() ? RunFolder::create_numbered("runs/" + recipe.model) : RunFolder::create(out);
  const RunConfig config = config_here(training.recipe(), start, data, broken);
  write_config(folder.config(), config);
  if (data == "builtin")
    std::cout << "The images are built in: ten kinds of figures that this program draws, not "
                 "photographs. For CIFAR-10 type `make cifar10`,\n"
                 "then `make train`; or give a folder of its .bin files: --data DIR\n";
  std::cout << training.summary() << "\n" << begun << "folder: " << folder.path() << std::endl;
  return finish(training, folder, config.data);
}

int train_on(const std::string& out) {
  const StopSignals signals;
  const RunFolder folder = RunFolder::open(out);
  const RunConfig config = read_config(folder.config()),
                  here = config_here(config.recipe, config.start, config.data, config.broken);
  require<UsageError>(config.precision == here.precision, "train: the run in ", folder.path(),
                      " is in ", config.precision, ", this program in ", here.precision);
  if (config.version != here.version || config.cpu != here.cpu)
    std::cerr << "excite: train: started by version " << config.version << " on " << config.cpu
              << ", continued by version " << here.version << " on " << here.cpu
              << ": the numbers may differ in their last bits\n";
  Training training(config.recipe, load_limited(config.data, config.recipe.limit, config.broken),
                    [&] { return signals.asked(); });
  const bool saved = std::filesystem::exists(folder.last());
  if (saved)
    training.continue_from(folder.last());
  else
    training.start_from(config.start);
  std::cout << training.summary() << "\nfolder: " << folder.path()
            << (saved ? ", continued after step " : ", from the beginning: step ")
            << training.position().step << std::endl;
  return finish(training, folder, config.data);
}

}  // namespace excite
