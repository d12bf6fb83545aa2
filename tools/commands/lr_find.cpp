// excite lr-find: tries learning rates, from small to large, and suggests one.
#include <cmath>
#include <cstdio>
#include <memory>

#include "core/check.h"
#include "core/files/atomic_file.h"
#include "core/parallel.h"
#include "core/text.h"
#include "tools/commands/commands.h"
#include "tools/commands/lr_drawing.h"
#include "tools/commands/output.h"
#include "tools/commands/recipe_options.h"
#include "tools/commands/recipes.h"
#include "tools/commands/shared_options.h"
#include "tools/commands/signals.h"
#include "tools/training/loop.h"

namespace excite {

namespace {

struct LrFindOptions : RecipeOptions {
  LrSweepOptions sweep;
  std::string csv, svg;
  int threads = excite::threads();
  long max_memory = 0;
};

void write_csv(const std::string& path, const LrSweep& sweep) {
  write_atomically(path, [&](FileWriter& out) {
    out.write("step,learning_rate,loss,smoothed_loss\n");
    for (std::size_t i = 0; i < sweep.points.size(); i++) {
      const LrPoint& p = sweep.points[i];
      out.write(text(i + 1, ",", p.lr, ",", p.loss, ",", p.smoothed, "\n"));
    }
  });
}

int find_lr(const Command& command, const LrFindOptions& o) {
  set_threads(o.threads);
  use_max_memory(o.max_memory);
  require<UsageError>(!o.lr, "--lr has no effect: rates from --start-lr to --end-lr are tried");
  require<UsageError>(!is_standard_output(o.csv) || !is_standard_output(o.svg),
                      "--csv and --svg cannot both be standard output");
  if (!o.svg.empty()) require_extension(o.svg, ".svg");
  check_sweep(o.sweep);
  Recipe recipe = resolve_recipe(command, o);
  const OnBadImage on_bad_image = o.strict ? OnBadImage::fail : OnBadImage::skip;
  const StopSignals signals;
  Training training(recipe, load_data(o.data, on_bad_image, o.exif));
  std::FILE* report = report_stream(is_standard_output(o.csv) ? o.csv : o.svg);
  std::fprintf(report, "%s\n%s", training.summary().c_str(),
               training.load_initial_weights({o.weights, o.new_head}).c_str());

  const LrSweep sweep = sweep_learning_rates(training.training_step(), o.sweep,
                                             [&] { return signals.received() != 0; });
  if (signals.received() != 0) return 128 + signals.received();
  const LrSuggestion found = suggest_learning_rate(sweep);
  if (!o.csv.empty()) write_csv(o.csv, sweep);
  if (!o.svg.empty()) write_text_atomically(o.svg, draw_lr_sweep(sweep, found).xml());
  if (found.lr > 0)
    std::fprintf(report, "suggestion: --lr %s: %s\n", text(found.lr).c_str(), found.reason.c_str());
  else
    std::fprintf(report, "no suggestion: %s\n", found.reason.c_str());
  return 0;
}

}  // namespace

void add_lr_find(const Command& program, Run& run) {
  const auto o = std::make_shared<LrFindOptions>();
  const Command c = program.add_command(
      "lr-find",
      "Suggest a learning rate.\nTakes steps of a recipe at rates that grow from --start-lr to "
      "--end-lr, and ends early where the loss explodes. The options are those of train; those of "
      "the schedule have no effect. No run folder is read or written.");
  add_recipe_options(c, *o);
  c.begin_group("Sweep");
  c.add_option("--start-lr", o->sweep.first, "Learning rate of the first step");
  c.add_option("--end-lr", o->sweep.last, "Learning rate of the last step");
  c.add_option("--steps", o->sweep.steps, "Number of steps, at least 10");
  c.begin_group("Run");
  add_computation_options(c, *o);
  add_threads_option(c, o->threads);
  add_max_memory_option(c, o->max_memory);
  c.begin_group("Output");
  c.add_option("--csv", o->csv,
               "Write step, learning rate, loss and smoothed loss; -: standard output")
      .type_name("FILE");
  c.add_option("--svg", o->svg, "Draw the losses over the learning rates; -: standard output")
      .type_name("FILE");
  c.add_examples({"excite lr-find --model se_resnet20 --data data/cifar-10-batches-bin",
                  "excite lr-find --weights seresnet50.safetensors --new-head --data birds --svg "
                  "rates.svg"});
  c.on_call([=, &run] {
    apply_recipe(c, o->recipe_name);
    run = [=] { return find_lr(c, *o); };
  });
}

}  // namespace excite
