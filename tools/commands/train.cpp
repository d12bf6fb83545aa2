// excite train: trains a model on images, from its name or from weights.
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "core/check.h"
#include "core/parallel.h"
#include "core/text.h"
#include "tools/bench/profile/profile.h"
#include "tools/commands/commands.h"
#include "tools/commands/number_options.h"
#include "tools/commands/recipe_options.h"
#include "tools/commands/recipes.h"
#include "tools/commands/shared_options.h"
#include "tools/commands/training_run.h"
#include "tools/mpi/mpi.h"

namespace excite {

namespace {

struct TrainOptions : RecipeOptions {
  std::string out, profile, config;
  int threads = excite::threads();
  long kept_epochs = 0, max_memory = 0;
  std::string cache = "none", data_from = "each";
  bool dry = false, resume = false;
};

// A resumed run keeps the recipe with which it was started, and --config repeats one.
void refuse_other_options(const Command& command, const std::string& with,
                          const std::vector<std::string>& allowed) {
  for (const Option option : command.options()) {
    const std::string name = option.name();
    const bool known = name == with || std::count(allowed.begin(), allowed.end(), name) > 0;
    require<UsageError>(!option.is_given() || known, name, " cannot be combined with ", with,
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

NewRun new_run(const Command& command, TrainOptions o, const Ranks* ranks) {
  if (o.recipe.batch_norm == "local") o.recipe.ranks = ranks ? ranks->count() : 1;
  NewRun run{.recipe = resolve_recipe(command, o),
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

NewRun repeated_run(const Command& command, const TrainOptions& o) {
  refuse_other_options(
      command, "--config",
      {"--out", "--threads", "--max-memory", "--cache", "--data-from", "--profile", "--dry-run"});
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

CacheImages cache_of(const std::string& word) {
  require<UsageError>(word == "none" || word == "ram", "--cache ", word, ": expected none or ram");
  return word == "ram" ? CacheImages::in_memory : CacheImages::nowhere;
}

int train(const Command& command, const TrainOptions& o, Ranks* ranks) {
  set_threads(o.threads);
  use_max_memory(o.max_memory);
  require<UsageError>(!o.resume || !o.out.empty(),
                      "--resume needs --out DIR, the folder of the run");
  const bool unstarted = o.resume && of_first_rank(ranks, RunFolder::is_unstarted(o.out));
  if (o.resume && !unstarted) {
    refuse_other_options(
        command, "--resume",
        {"--out", "--threads", "--max-memory", "--cache", "--data-from", "--epochs"});
    return resume_run(o.out, o.epochs, cache_of(o.cache), ranks, parse_data_from(o.data_from));
  }
  NewRun run = o.config.empty() ? new_run(command, o, ranks) : repeated_run(command, o);
  run.start = unstarted ? Start::in_unstarted_folder : Start::in_new_folder;
  run.cache = cache_of(o.cache);
  run.dry = o.dry;
  run.ranks = ranks;
  run.data_from = parse_data_from(o.data_from);
  if (!o.profile.empty() && (!ranks || ranks->rank() == 0))
    run.make_step_function = [&](long total_steps) { return profiler(o.profile, total_steps); };
  return start_run(run);
}

void add_run_groups(const Command& c, TrainOptions& o) {
  c.begin_group("Run");
  c.add_flag(
      "--resume", o.resume,
      "Continue the run in --out; only --out, --threads, --max-memory, --cache, --data-from and "
      "--epochs, which lengthens the run, may be given with it. A run that was killed before it "
      "saved its configuration starts from nothing, with the options given");
  c.add_option("--config", o.config,
               "Repeat the run of this config.json, to the same weights, bit for bit")
      .type_name("FILE");
  c.add_flag("--dry-run", o.dry,
             "Print the configuration, the learning rates and the time that the run would take, "
             "and train nothing");
  c.add_option("--patience", o.recipe.patience,
               "End the run after this many epochs without a better validation accuracy; 0: never");
  c.add_option("--min-delta", o.recipe.min_delta,
               "With --patience: by how much an accuracy, a fraction, has to be better");
  add_threads_option(c, o.threads);
  add_max_memory_option(c, o.max_memory);
  c.add_option("--cache", o.cache,
               "ram: decode and resize image files once and keep as many as fit into half of "
               "--max-memory; same bits as none")
      .type_name("NAME");
  c.add_option(
       "--data-from", o.data_from,
       "Under mpirun: each (every process reads the data) or rank0 (the first process reads "
       "them and sends them to the others, which keep them in memory)")
      .type_name("NAME");
  c.add_option("--batch-norm", o.recipe.batch_norm,
               "Under mpirun: batch norm of the whole batch, with the weights of one process, or "
               "local, of each process's own images, with fewer messages and other weights")
      .type_name("NAME");
  add_computation_options(c, o);
  c.begin_group("Output");
  c.add_option("--out", o.out,
               "Folder of the run, created by train [runs/MODEL-1, or the next free number]")
      .type_name("DIR");
  c.add_option("--checkpoint-history", o.kept_epochs,
               "Keep the weights of the last N epochs, in epoch-1.safetensors and so on; 0: only "
               "last and best")
      .type_name("N")
      .whole_number(0);
  c.add_option("--profile", o.profile,
               "Write a trace of every operation of steps 4 to 8 to this .json file, for "
               "chrome://tracing or Perfetto")
      .type_name("FILE");
}

}  // namespace

void add_train(const Command& program, Run& run) {
  const auto o = std::make_shared<TrainOptions>();
  const Command c = program.add_command(
      "train",
      "Train a model on images.\nThe run gets a folder with its configuration, its log and its "
      "weights. Ctrl-C saves everything; --resume continues to the same weights, bit for bit.");
  add_recipe_options(c, *o);
  add_run_groups(c, *o);
  c.add_examples(
      {"excite train --model se_resnet20 --data data/cifar-10-batches-bin --epochs 16",
       "excite train --weights seresnet50.safetensors --new-head --data birds",
       "excite train --weights seresnet50.safetensors --new-head --freeze all-but-head --data "
       "birds",
       "excite train --recipe fast --data data/cifar-10-batches-bin",
       "excite train --resume --out runs/se_resnet20-1", "excite train --profile trace.json"});
  c.on_call([=, &run] {
    apply_recipe(c, o->recipe_name);
    run = [=] { return run_on_ranks([&](Ranks* ranks) { return train(c, *o, ranks); }); };
  });
}

}  // namespace excite
