// excite train: trains a model on images, from its name or from weights.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "core/check.h"
#include "core/files/text_file.h"
#include "core/parallel.h"
#include "core/text.h"
#include "tools/bench/profile/profile.h"
#include "tools/commands/commands.h"
#include "tools/commands/help_format.h"
#include "tools/commands/number_options.h"
#include "tools/commands/recipes.h"
#include "tools/commands/shared_options.h"
#include "tools/commands/training_run.h"
#include "tools/training/recipe.h"

namespace excite {

namespace {

// The values of the command line. An optional one has a default that depends on other options.
struct TrainOptions {
  Recipe recipe;
  std::string recipe_name = "default", model_options, data = "builtin", out, profile, weights;
  std::optional<long> epochs;
  std::optional<double> lr, warmup, weight_decay;
  std::optional<double> head_lr_factor, momentum;
  std::string validation = text(default_validation);
  std::optional<std::string> augment, milestones, normalize, mean, deviation;
  int threads = excite::threads();
  std::string config;
  long kept_epochs = 0;
  bool dry = false;
  bool resume = false, strict = false, new_head = false;
  Exif exif = Exif::apply;
  long max_memory = 0;
};

StartFrom start_of(const TrainOptions& o) {
  if (o.weights.empty()) return StartFrom::nothing;
  return o.new_head ? StartFrom::weights_with_new_head : StartFrom::weights;
}

std::vector<double> three_numbers(const std::string& option, const std::string& list) {
  std::vector<double> numbers =
      numbers_of_list(option, list, "three numbers, of R, G and B, such as 0.485,0.456,0.406");
  require<UsageError>(numbers.size() == 3, option, " ", list, ": ", numbers.size(),
                      " numbers, expected three, of R, G and B");
  return numbers;
}

// Fills in the recipe's normalization. Trained weights need the one that they were trained with.
void choose_normalization(Recipe& r, const TrainOptions& o, const Preprocessing& of_weights) {
  require<UsageError>(o.mean.has_value() == o.deviation.has_value(),
                      "--mean and --std are given together, or not at all");
  if (o.mean) {
    require<UsageError>(!o.normalize, "--normalize cannot be combined with --mean and --std");
    r.mean = three_numbers("--mean", *o.mean), r.deviation = three_numbers("--std", *o.deviation);
    return;
  }
  const std::vector<std::string> known{"measure", "keep", "imagenet"};
  const std::string how = o.normalize.value_or(o.weights.empty() ? "measure" : "keep");
  require<UsageError>(std::count(known.begin(), known.end(), how), "--normalize ", how,
                      ": expected measure, keep or imagenet", suggestion(how, known));
  require<UsageError>(how != "keep" || !o.weights.empty(),
                      "--normalize keep needs --weights FILE, whose normalization it keeps");
  if (how == "measure") return;
  const auto& [mean, deviation] = how == "keep" ? std::pair(of_weights.mean, of_weights.deviation)
                                                : std::pair(imagenet_mean, imagenet_deviation);
  r.mean.assign(mean.begin(), mean.end());
  r.deviation.assign(deviation.begin(), deviation.end());
}

// With --weights the file says which model it is, unless --model names one, and how its images were
// normalized.
void take_from_weights(Recipe& r, const CLI::App& command, const TrainOptions& o) {
  Description d;
  if (!o.weights.empty()) {
    const bool named = command.get_option("--model")->count() > 0;
    d = describe(SafetensorsFile(o.weights), {named ? r.model : "", r.options});
    r.model = d.model;
    r.options = d.options;
  }
  choose_normalization(r, o, d.preprocessing);
}

std::string join_numbers(const std::vector<double>& numbers) {
  std::vector<std::string> words;
  for (const double number : numbers) words.push_back(text(number));
  return join(words, ", ");
}

// What follows from trained weights, and how to change it; "" without them.
std::string lines_on_start(const Recipe& r, const TrainOptions& o) {
  if (o.weights.empty()) return "";
  std::string lines;
  if (!o.lr)
    lines += text("learning rate: at most ", r.lr, ", because the run starts from trained weights",
                  o.new_head ? " with a new classifier" : "",
                  r.head_lr_factor != 1
                      ? text(", which learns at ", r.head_lr_factor, " times that rate")
                      : "",
                  "; --lr sets another\n");
  if (!r.mean.empty() && !o.mean && !o.normalize)
    lines += text("normalization: that of the weights, mean ", join_numbers(r.mean), ", deviation ",
                  join_numbers(r.deviation), "; --normalize measure takes the images' own\n");
  return lines;
}

// The value of --class-weights, where the numbers of a file become a list.
std::string class_weights_of(const std::string& given) {
  if (given == "none" || given == "auto") return given;
  require<UsageError>(std::filesystem::exists(given), "--class-weights ", printable(given),
                      ": expected auto, or a file with one number per class, one per line");
  constexpr long max_bytes = 1 << 20;
  return join(read_lines(given, max_bytes), ",");
}

// Options of another schedule or optimizer than the chosen one.
void refuse_unused_options(const CLI::App& command, const Recipe& r) {
  const auto given = [&](const char* name) { return command.get_option(name)->count() > 0; };
  const bool has_steps = r.schedule == "step" || r.schedule == "multistep";
  require<UsageError>(has_steps || !given("--gamma"), "--gamma has no effect with --schedule ",
                      r.schedule, "; use --schedule step or multistep");
  require<UsageError>(r.optimizer == "sgd" || !given("--nesterov"),
                      r.nesterov ? "--nesterov" : "--no-nesterov",
                      " has no effect with --optimizer ", r.optimizer, "; use --optimizer sgd");
}

// 0: none.
double validation_of(const std::string& word) {
  const std::optional<double> number = parse_number<double>(word);
  require<UsageError>(word == "none" || number.value_or(0) > 0, "--val ", word,
                      ": expected none, a fraction such as 0.1, or a number of images");
  return number.value_or(0);
}

Recipe resolve(const CLI::App& command, const TrainOptions& o) {
  Recipe r = o.recipe;
  r.options = parse_settings(o.model_options);
  require<UsageError>(!o.new_head || !o.weights.empty(),
                      "--new-head needs --weights FILE, of which it keeps all but the classifier");
  take_from_weights(r, command, o);
  r.epochs = o.epochs.value_or(default_epochs(o.data == "builtin"));
  r.lr = o.lr.value_or(default_lr(r.optimizer, start_of(o)));
  r.momentum = o.momentum.value_or(default_momentum(r.optimizer));
  r.warmup = o.warmup.value_or(default_warmup(r.epochs));
  r.weight_decay = o.weight_decay.value_or(default_weight_decay(r.optimizer));
  r.milestones = o.milestones
                     ? numbers_of_list("--milestones", *o.milestones, "epochs, such as 8,12")
                     : default_milestones(r.schedule, r.epochs);
  r.validation = validation_of(o.validation);
  if (o.augment) parse_augmentation(*o.augment);  // an error if empty: that is not the default
  r.augment = o.augment.value_or("");
  r.class_weights = class_weights_of(r.class_weights);
  r.head_lr_factor = o.head_lr_factor.value_or(default_head_lr_factor(r.optimizer, start_of(o)));
  check_recipe(r);
  refuse_unused_options(command, r);
  return r;
}

// A resumed run keeps the recipe with which it was started, and --config repeats one.
void refuse_other_options(const CLI::App& command, const std::string& with,
                          const std::vector<std::string>& allowed) {
  for (const CLI::Option* option : command.get_options()) {
    const std::string name = option->get_name();
    const bool known = name == with || std::count(allowed.begin(), allowed.end(), name) > 0;
    require<UsageError>(option->count() == 0 || known, name, " cannot be combined with ", with,
                        ": the run ", with == "--resume" ? "continues" : "is repeated",
                        " with the options with which it was started");
  }
}

// Profiles steps Profile::first to Profile::last and writes the trace to `path`.
StepFunction profiler(const std::string& path, long total_steps) {
  const auto profile = std::make_shared<Profile>(path, total_steps);
  return [=](TrainingStep& training_step, long step, const PrintLine& print) {
    if (!profile->wants(step)) return training_step(step);
    const StepResult result = profile->record_step(training_step, step);
    if (step == Profile::last)
      print(text("profile of steps ", Profile::first + 1, " to ", Profile::last + 1, ": ",
                 printable(profile->path()), " (chrome://tracing or ui.perfetto.dev opens it)"));
    return result;
  };
}

NewRun new_run(const CLI::App& command, const TrainOptions& o) {
  NewRun run{.recipe = resolve(command, o),
             .initial_weights = {o.weights, o.new_head},
             .lines = {},
             .data = o.data,
             .out = o.out,
             .on_bad_image = o.strict ? OnBadImage::fail : OnBadImage::skip,
             .exif = o.exif,
             .kept_epochs = o.kept_epochs};
  run.lines = lines_on_start(run.recipe, o);
  return run;
}

NewRun repeated_run(const CLI::App& command, const TrainOptions& o) {
  refuse_other_options(command, "--config",
                       {"--out", "--threads", "--max-memory", "--profile", "--dry-run"});
  const RunConfig config = read_config(o.config);
  return {.recipe = config.recipe,
          .initial_weights = config.initial_weights,
          .lines = {},
          .data = config.data,
          .out = o.out,
          .on_bad_image = config.on_bad_image,
          .exif = config.exif,
          .kept_epochs = config.kept_epochs};
}

int train(const CLI::App& command, const TrainOptions& o) {
  set_threads(o.threads);
  use_max_memory(o.max_memory);
  require<UsageError>(!o.resume || !o.out.empty(),
                      "--resume needs --out DIR, the folder of the run");
  const bool unstarted = o.resume && RunFolder::is_unstarted(o.out);
  if (o.resume && !unstarted) {
    refuse_other_options(command, "--resume", {"--out", "--threads", "--max-memory", "--epochs"});
    return resume_run(o.out, o.epochs);
  }
  NewRun run = o.config.empty() ? new_run(command, o) : repeated_run(command, o);
  run.start = unstarted ? Start::in_unstarted_folder : Start::in_new_folder;
  run.dry = o.dry;
  if (!o.profile.empty())
    run.make_step_function = [&](long total_steps) { return profiler(o.profile, total_steps); };
  return start_run(run);
}

void add_model_group(CLI::App& c, TrainOptions& o) {
  begin_group(c, "Model");
  c.add_option("--recipe", o.recipe_name,
               "Options that belong together: default, fast (se_airbench in 8 epochs), or paper "
               "(se_resnet20 in 164 epochs); other options change single ones of them")
      ->type_name("NAME");
  add_model_option(c, o.recipe.model);
  add_set_option(c, o.model_options);
  c.add_option("--weights", o.weights,
               "Start from the weights of a .safetensors file, of train or of another program; the "
               "model is inferred from the file")
      ->type_name("FILE");
  c.add_flag("--new-head", o.new_head,
             "With --weights: initialize the classifier anew, for images of other classes");
  c.add_option("--freeze", o.recipe.freeze,
               "Parameters that stay as they are: all-but-head (of the network's last layer), or a "
               "list of names as `summary` prints them, such as conv1,bn1,layer1 or *.bn1")
      ->type_name("NAMES");
}

void add_data_group(CLI::App& c, TrainOptions& o) {
  begin_group(c, "Data");
  add_data_option(c, o.data);
  c.add_option("--image-size", o.recipe.image_size,
               "Side of the images that the model sees, in pixels; 0: the size of the images of "
               "builtin and CIFAR, for image files the size that the model is made for");
  c.add_option("--normalize", o.normalize,
               "What is subtracted from the pixels and what divides them: measure (mean and "
               "deviation of the training images), keep (those of --weights) or imagenet [measure; "
               "with --weights keep]")
      ->type_name("NAME");
  c.add_option("--mean", o.mean, "With --std: the mean of R, G and B, of pixels from 0 to 1")
      ->type_name("LIST");
  c.add_option("--std", o.deviation, "With --mean: the deviation of R, G and B")->type_name("LIST");
  c.add_option("--val", o.validation,
               "Images that are split off the training images, equally from all classes, to choose "
               "best.safetensors by: a fraction, a number, or none, which trains on all images and "
               "keeps the last epoch alone. Data with a validation set of their own keep it")
      ->type_name("N|FRACTION|none");
  add_limit_option(c, o.recipe.limit);
  add_strict_option(c, o.strict);
  add_exif_option(c, o.exif);
}

void add_optimization_group(CLI::App& c, TrainOptions& o) {
  Recipe& r = o.recipe;
  begin_group(c, "Optimization");
  c.add_option("--epochs", o.epochs,
               text("Passes over the training set [", default_epochs(false), ", builtin ",
                    default_epochs(true), "]"));
  c.add_option("--batch", r.batch, "Images per step");
  c.add_option("--optimizer", r.optimizer,
               "sgd, adamw, or muon (for networks whose convolutions have a batch norm after them)")
      ->type_name("NAME");
  c.add_option("--lr", o.lr,
               text("Peak learning rate [sgd ", default_lr("sgd"), ", adamw ", default_lr("adamw"),
                    "; with --weights ", default_lr("sgd", StartFrom::weights), " and ",
                    default_lr("adamw", StartFrom::weights), ", with --new-head ",
                    default_lr("sgd", StartFrom::weights_with_new_head), " and ",
                    default_lr("adamw", StartFrom::weights_with_new_head), "]"));
  c.add_option("--schedule", r.schedule,
               "Learning rate schedule: one-cycle, cosine, step, multistep or constant")
      ->type_name("NAME");
  c.add_option("--warmup", o.warmup,
               "Epochs of linear warmup to the peak, such as 0.5 [1/5 of --epochs]");
  c.add_option("--milestones", o.milestones,
               "multistep: epochs at which the learning rate falls, such as 8,12 [1/2 and 3/4 of "
               "--epochs]; step: the number of epochs between two falls [1/3 of --epochs]")
      ->type_name("LIST");
  c.add_option("--gamma", r.gamma, "step, multistep: factor of the learning rate at each fall");
  c.add_option("--momentum", o.momentum,
               text("Momentum of sgd and muon, beta1 of adamw [sgd and adamw ",
                    default_momentum("sgd"), ", muon ", default_momentum("muon"), "]"));
  c.add_flag("--nesterov,!--no-nesterov", r.nesterov, "sgd: Nesterov momentum, or not [on]");
  c.add_option("--weight-decay", o.weight_decay,
               text("Weight decay (sgd: L2 penalty) [sgd ", default_weight_decay("sgd"), ", adamw ",
                    default_weight_decay("adamw"), "]"));
  c.add_option("--decay", r.decay,
               "Parameters that decay: all, or weights (of convolutions and linear layers)")
      ->type_name("NAME");
  c.add_option("--head-lr-factor", o.head_lr_factor,
               "Factor of the learning rate of the classifier, the network's last layer [1; sgd "
               "with --new-head 10]");
  c.add_option("--layer-decay", r.layer_decay,
               "Factor of the learning rate from each layer or block to the one before it, such as "
               "0.75: the first layers learn least");
  c.add_option("--accumulate", r.accumulate,
               "Batches per step, whose gradients are averaged: as a larger batch in less memory "
               "(batch norm sees each batch alone)");
  c.add_option("--min-lr", r.min_lr, "cosine, one-cycle: the learning rate at the end");
  c.add_option("--ema", r.ema,
               "Decay of a moving average of the weights, such as 0.999, which is evaluated and "
               "saved as ema.safetensors; 0: none");
  c.add_option("--clip", r.clip, "Maximum norm of all gradients together; 0: do not clip");
}

void add_augmentation_group(CLI::App& c, TrainOptions& o) {
  begin_group(c, "Augmentation and regularization");
  c.add_option(
       "--augment", o.augment,
       "none, or a list of resized-crop,crop,black-crop,flip,alternating-flip,cutout,erase; "
       "crop=2 shifts by up to 2 pixels [crop,flip; resized-crop,flip for image files of "
       "another size than --image-size]")
      ->type_name("LIST");
  c.add_option("--mixup", o.recipe.mixup,
               "Mix each image and its target with another one; A of the Beta distribution of the "
               "shares, such as 0.2; 0: do not mix");
  c.add_option("--cutmix", o.recipe.cutmix,
               "Replace a rectangle of each image by that of another one; A as of --mixup, such as "
               "1; with both, each batch gets one of them");
  c.add_flag("--test-flip", o.recipe.test_flip,
             "Evaluate on each image and its mirror image together");
  c.add_option(
       "--class-weights", o.recipe.class_weights,
       "Weights of the classes in the loss: none, auto (all classes count the same, however "
       "rare they are), or a file with one number per line")
      ->type_name("FILE");
  c.add_option("--sampler", o.recipe.sampler,
               "Order of the images: random, or balanced (each class equally often; images of rare "
               "classes are repeated)")
      ->type_name("NAME");
  c.add_option("--label-smoothing", o.recipe.label_smoothing,
               "E in the targets (1 - E) one-hot + E / classes");
}

void add_run_groups(CLI::App& c, TrainOptions& o) {
  begin_group(c, "Run");
  c.add_flag("--resume", o.resume,
             "Continue the run in --out; only --out, --threads, --max-memory and --epochs, which "
             "lengthens "
             "the run, may be given with it. A run that was killed before it saved its "
             "configuration starts from nothing, with "
             "the options given");
  c.add_option("--config", o.config,
               "Repeat the run of this config.json, to the same weights, bit for bit")
      ->type_name("FILE");
  c.add_flag("--dry-run", o.dry,
             "Print the configuration, the learning rates and the time that the run would take, "
             "and train nothing");
  c.add_option("--patience", o.recipe.patience,
               "End the run after this many epochs without a better validation accuracy; 0: never");
  c.add_option("--min-delta", o.recipe.min_delta,
               "With --patience: by how much an accuracy, a fraction, has to be better");
  c.add_option("--seed", o.recipe.seed,
               "Seed of all random numbers: weights, order and augmentation of the images");
  add_threads_option(c, o.threads);
  add_max_memory_option(c, o.max_memory);
  add_plain_option(c, o.recipe.plain);
  add_conv_option(c, o.recipe.conv);
  begin_group(c, "Output");
  c.add_option("--out", o.out,
               "Folder of the run, created by train [runs/MODEL-1, or the next free number]")
      ->type_name("DIR");
  c.add_option("--checkpoint-history", o.kept_epochs,
               "Keep the weights of the last N epochs, in epoch-1.safetensors and so on; 0: only "
               "last and best")
      ->type_name("N")
      ->check(whole_number(0));
  c.add_option("--profile", o.profile,
               "Write a trace of every operation of steps 4 to 8 to this .json file, for "
               "chrome://tracing or Perfetto")
      ->type_name("FILE");
}

}  // namespace

void add_train(CLI::App& app, Run& run) {
  const auto o = std::make_shared<TrainOptions>();
  CLI::App* c = app.add_subcommand(
      "train",
      "Train a model on images.\nThe run gets a folder with its configuration, its log and its "
      "weights. Ctrl-C saves everything; --resume continues to the same weights, bit for bit.");
  add_model_group(*c, *o);
  add_data_group(*c, *o);
  add_optimization_group(*c, *o);
  add_augmentation_group(*c, *o);
  add_run_groups(*c, *o);
  add_examples(
      *c, {"excite train --model se_resnet20 --data data/cifar-10-batches-bin --epochs 16",
           "excite train --weights seresnet50.safetensors --new-head --data birds",
           "excite train --weights seresnet50.safetensors --new-head --freeze all-but-head --data "
           "birds",
           "excite train --recipe fast --data data/cifar-10-batches-bin",
           "excite train --resume --out runs/se_resnet20-1", "excite train --profile trace.json"});
  c->callback([=, &run] {
    apply_recipe(*c, o->recipe_name);
    run = [=] { return train(*c, *o); };
  });
}

}  // namespace excite
