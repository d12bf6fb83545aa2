// excite train: from a model's name and images to weights.
#include <memory>
#include <optional>

#include "core/check.h"
#include "core/parallel.h"
#include "core/text.h"
#include "tools/commands/commands.h"
#include "tools/commands/number_options.h"
#include "tools/training/loop.h"
#include "tools/training/recipe.h"

namespace excite {

namespace {

// What stands on the command line. Where a default depends on other options, nothing is there until
// all is known.
struct TrainOptions {
  Recipe recipe;
  std::string model_options, data = "builtin", out, profile, weights;
  std::optional<long> epochs;
  std::optional<double> lr, warmup, weight_decay;
  std::optional<std::string> augment, milestones;
  int threads = excite::threads();
  bool resume = false, strict = false, new_head = false;
};

// With --weights the model is theirs, unless another is named.
void take_model_of_weights(Recipe& r, const CLI::App& command, const TrainOptions& o) {
  const bool named = command.get_option("--model")->count() > 0;
  const Description d = describe(SafetensorsFile(o.weights), {named ? r.model : "", r.options});
  r.model = d.model;
  r.options = d.options;
}

Recipe resolve(const CLI::App& command, const TrainOptions& o) {
  Recipe r = o.recipe;
  r.options = parse_settings(o.model_options);
  require<UsageError>(!o.new_head || !o.weights.empty(),
                      "train: --new-head needs --weights, whose classifier it leaves away");
  if (!o.weights.empty()) take_model_of_weights(r, command, o);
  r.epochs = o.epochs.value_or(default_epochs(o.data == "builtin"));
  r.lr = o.lr.value_or(default_lr(r.optimizer));
  r.warmup = o.warmup.value_or(default_warmup(r.epochs));
  r.weight_decay = o.weight_decay.value_or(default_weight_decay(r.optimizer));
  r.milestones = o.milestones
                     ? numbers_of_list("--milestones", *o.milestones, "epochs, such as 8,12")
                     : default_milestones(r.schedule, r.epochs);
  if (o.augment) parse_augmentation(*o.augment);  // empty is no default: that is none at all
  r.augment = o.augment.value_or("");
  check_recipe(r);
  return r;
}

// With --resume the recipe is the one the run was started with.
void refuse_other_options(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options()) {
    const std::string name = option->get_name();
    const bool allowed = name == "--resume" || name == "--out" || name == "--threads";
    require<UsageError>(option->count() == 0 || allowed, "train: ", name,
                        " cannot be given beside --resume: the run goes on as it was started");
  }
}

int train(const CLI::App& command, const TrainOptions& o) {
  set_threads(o.threads);
  const Broken broken = o.strict ? Broken::refused : Broken::skipped;
  const Start start{o.weights,
                    o.new_head ? Start::Classifier::drawn : Start::Classifier::of_weights};
  if (!o.resume) return train_anew(resolve(command, o), start, o.data, o.out, o.profile, broken);
  refuse_other_options(command);
  require<UsageError>(!o.out.empty(), "train: --resume needs --out DIR, the folder of the run");
  return train_on(o.out);
}

}  // namespace

void add_train(CLI::App& app, Run& run) {
  const auto o = std::make_shared<TrainOptions>();
  Recipe& r = o->recipe;
  CLI::App* c = app.add_subcommand("train", "trains a model on images");
  c->add_option("--model", r.model, "the model's name; `excite models` lists them");
  c->add_option("--set", o->model_options, "the model's options: key=value,...");
  c->add_option("--weights", o->weights,
                "a .safetensors file of train or of another program to begin with; the model is "
                "then its own")
      ->default_str("");
  c->add_flag("--new-head", o->new_head,
              "begins with all of --weights but the classifier, for images of other classes");
  c->add_option("--data", o->data, data_in_words);
  c->add_option("--epochs", o->epochs,
                text("how often each image is seen [", default_epochs(false),
                     "; builtin: ", default_epochs(true), "]"));
  c->add_option("--batch", r.batch, "images a step");
  c->add_option("--optimizer", r.optimizer, "sgd or adamw");
  c->add_option("--lr", o->lr,
                text("peak of the learning rate [sgd ", default_lr("sgd"), ", adamw ",
                     default_lr("adamw"), "]"));
  c->add_option("--schedule", r.schedule, "one-cycle, cosine, step, multistep or constant");
  c->add_option(
      "--warmup", o->warmup,
      "epochs over which the learning rate grows to its peak, fractions allowed [a fifth of all]");
  c->add_option("--milestones", o->milestones,
                "multistep: epochs at which the learning rate falls [half and three quarters of "
                "all]; step: its period [a third of all]");
  c->add_option("--gamma", r.gamma, "step and multistep: what the learning rate is multiplied by");
  c->add_option("--momentum", r.momentum, "sgd: share of the last move that is kept; adamw: beta1");
  c->add_flag("--plain", r.plain,
              "no operation that does the work of several: for comparison; the same but for "
              "rounding, and slower");
  c->add_flag("--nesterov,!--no-nesterov", r.nesterov,
              "sgd: Nesterov's look ahead; on unless told");
  c->add_option("--weight-decay", o->weight_decay,
                text("pull towards 0 [sgd ", default_weight_decay("sgd"), ", adamw ",
                     default_weight_decay("adamw"), "]"));
  c->add_option("--decay", r.decay,
                "what decays: weights (of convolutions and linear layers) or all");
  c->add_option("--clip", r.clip, "largest gradient norm; 0 for any");
  c->add_option("--label-smoothing", r.label_smoothing,
                "e in the targets (1 - e) one-hot + e / classes");
  c->add_option("--augment", o->augment,
                "none, or some of resized-crop,crop,black-crop,flip,cutout [crop,flip; files of "
                "another size than --image-size: resized-crop,flip]");
  c->add_option("--image-size", r.image_size,
                "pixels of a side that the model sees; 0 for the model's own size, or that of the "
                "images in builtin and CIFAR");
  c->add_option("--limit", r.limit, "use only the first N images of each set; 0 for all");
  c->add_option("--seed", r.seed, "another seed, another run");
  c->add_option("--threads", o->threads, "changes the time, not the numbers")
      ->check(CLI::Range(1, 1024));
  c->add_option("--out", o->out,
                "a new folder for the run [runs/MODEL-1, or the next free number]");
  c->add_option("--profile", o->profile,
                "a .json file: what each operation of steps 4 to 8 took, did and moved, by layer, "
                "for chrome://tracing or Perfetto");
  c->add_flag("--resume", o->resume,
              "continues the run in --out; takes only --out and --threads beside it");
  c->add_flag("--strict", o->strict,
              "a file that is no image is an error; else it is named and left out");
  c->footer(
      "Example: excite train --model se_resnet20 --data data/cifar-10-batches-bin --epochs 16\n"
      "From weights for other classes: excite train --weights seresnet50.safetensors --new-head "
      "--data data/cifar-10-batches-bin\n"
      "And after Ctrl-C: excite train --resume --out runs/se_resnet20-1\n"
      "Where the time goes, layer by layer: excite train --profile trace.json");
  c->callback([=, &run] { run = [=] { return train(*c, *o); }; });
}

}  // namespace excite
