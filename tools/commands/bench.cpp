// excite bench: measures the images per second of a model and the time of each of its operations.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>

#include "core/check.h"
#include "core/parallel.h"
#include "core/text.h"
#include "models/infer.h"
#include "tools/bench/bench_fused.h"
#include "tools/bench/bench_ops.h"
#include "tools/commands/bench_measurement.h"
#include "tools/commands/commands.h"
#include "tools/commands/number_options.h"
#include "tools/commands/shared_options.h"
#include "tools/data/builtin.h"
#include "tools/mpi/mpi.h"
#include "tools/training/step.h"

namespace excite {

namespace {

struct BenchOptions {
  std::string model = "se_resnet20", set, mode = "train", conv = "auto", precision = "full",
              batch_norm = "whole";
  long batch = 128;
  int threads = excite::threads();
  double seconds = 5;
  bool ops = false, limits = false, plain = false, json = false;
};

// The training step of `excite train` with its default recipe. It includes making the augmented
// batch.
BenchStep training_step(const Recipe& recipe, const Model& model, const DataSplit& data,
                        Ranks* ranks) {
  const auto step =
      std::make_shared<TrainingStep>(recipe, model, data.train, compute_normalization(data.train));
  if (ranks) step->share_batches(*ranks);
  const auto number = std::make_shared<long>(0);
  return {[=] { (*step)((*number)++); },
          [=](std::vector<Record>& records) { record_step(*step, (*number)++, records); },
          threads(), ranks};
}

// Each thread runs the model on images of its own, so operations are recorded on one thread.
BenchStep inference_step(const Model& model, long batch, const DataSplit& data,
                         Precision precision) {
  std::vector<long> images(batch);
  for (long i = 0; i < batch; i++) images[i] = i % data.test.count();
  const auto x = std::make_shared<Tensor>(
      make_batch(data.test, images, compute_normalization(data.train), Augmentation{}, 0, 0).x);
  const auto infer = std::make_shared<Inference>(model, Weights::constant, precision);
  return {[=] { (*infer)(*x); },
          [=](std::vector<Record>& records) { record_inference(*infer, *x, records); }, 1};
}

// As many built-in images as one batch has, at the size that the model is made for. No more images
// are drawn, so that the peak memory of the process is that of a step. In training each step takes
// the images in another order.
DataSplit images_for(const Model& model, long batch) {
  const DataSplit drawn =
      draw_builtin(std::min(batch, builtin_train_count), std::min(batch, builtin_test_count));
  return {resized(drawn.train, model.image_size), resized(drawn.test, model.image_size)};
}

int bench_model(const BenchOptions& o, Ranks* ranks) {
  require<UsageError>(!ranks || o.mode == "train",
                      "--mode infer runs on one process, without mpirun");
  require<UsageError>(o.batch_norm == "whole" || o.mode == "train",
                      "--batch-norm is for training, and --mode is infer");
  const Precision precision = parse_precision(o.precision, o.plain, o.conv);
  require<UsageError>(precision == Precision::full || o.mode == "infer",
                      "--precision bf16 is for inference: add --mode infer");
  Recipe recipe;
  recipe.model = o.model;
  recipe.options = parse_settings(o.set);
  recipe.batch = o.batch;
  recipe.plain = o.plain;
  recipe.conv = o.conv;
  recipe.batch_norm = o.batch_norm;
  if (o.batch_norm == "local") recipe.ranks = ranks ? ranks->count() : 1;
  check_recipe(recipe);
  constexpr long classes = 10;  // of the built-in images
  const Model model = make_model(recipe, classes);
  const DataSplit data = images_for(model, o.batch);
  const BenchStep step = o.mode == "train" ? training_step(recipe, model, data, ranks)
                                           : inference_step(model, o.batch, data, precision);
  const Measurement measurement = measure_steps(step, o.seconds);
  const BenchSubject subject{model,   o.mode, o.batch,   o.threads,
                             o.plain, o.conv, precision, o.batch_norm};
  (o.json ? print_measurement_as_json : print_measurement)(subject, measurement);
  return 0;
}

int print_limits() {
  std::printf("%s\n", describe(measure_limits()).c_str());
  return 0;
}

int compare_ops(long batch) {
  bench_ops(batch);
  std::printf("\n");
  bench_fused(batch);
  return 0;
}

// --limits and --ops measure no model, so they take no options of one.
void refuse_unused_options(const Command& command, const BenchOptions& o) {
  require<UsageError>(!o.limits || !o.ops, "--limits cannot be combined with --ops");
  if (!o.limits && !o.ops) return;
  const std::string chosen = o.ops ? "--ops" : "--limits";
  for (const Option option : command.options()) {
    const std::string name = option.name();
    const bool used = name == chosen || name == "--threads" || (o.ops && name == "--batch");
    require<UsageError>(!option.is_given() || used, name, " has no effect with ", chosen,
                        "; expected ", o.ops ? "only --batch and --threads" : "only --threads");
  }
}

int bench(const Command& command, const BenchOptions& o, Ranks* ranks) {
  const std::vector<std::string> modes{"train", "infer"};
  require<UsageError>(std::count(modes.begin(), modes.end(), o.mode), "--mode ", o.mode,
                      ": expected train or infer", suggestion(o.mode, modes));
  require<UsageError>(!o.json || !(o.ops || o.limits),
                      "--json cannot be combined with --ops or --limits, only with a model");
  refuse_unused_options(command, o);
  set_threads(o.threads);
  if (o.limits) return print_limits();
  if (o.ops) return compare_ops(o.batch);
  return bench_model(o, ranks);
}

}  // namespace

void add_bench(const Command& program, Run& run) {
  const auto o = std::make_shared<BenchOptions>();
  const Command c =
      program.add_command("bench",
                          "Measure images per second and the time of each operation.\nThe "
                          "images are the built-in ones, "
                          "resized to the size that the model is made for.");
  c.begin_group("Model");
  add_model_option(c, o->model);
  add_set_option(c, o->set);
  c.begin_group("Measurement");
  c.add_option("--mode", o->mode, "train: a training step as in `excite train`; infer: inference")
      .type_name("NAME");
  c.add_option("--batch", o->batch, "Images per step").whole_number(1, 10'000);
  add_threads_option(c, o->threads);
  c.add_option("--seconds", o->seconds, "Duration of the measurement; it takes at least 5 steps")
      .real_number(0, 3600);
  add_plain_option(c, o->plain);
  add_conv_option(c, o->conv);
  add_precision_option(c, o->precision);
  c.add_option(
       "--batch-norm", o->batch_norm,
       "Under mpirun: batch norm of the whole batch, or local, of each process's own images")
      .type_name("NAME");
  c.begin_group("Instead of a model");
  c.add_flag("--limits", o->limits,
             "Measure the limits of the machine: multiply-adds and reading memory");
  c.add_flag("--ops", o->ops,
             "Compare the algorithms of each convolution of the models, and each fused operation "
             "with the operations that it replaces");
  c.begin_group("Output");
  add_json_option(
      c, o->json,
      "model, options, mode, plain, conv, images_per_second, step_milliseconds, peak_megabytes, "
      "tensor_megabytes, limits, operations");
  c.add_examples({"excite bench --model se_resnet20 --mode train --batch 128 --threads 2",
                  "excite bench --json > bench.json && excite roofline bench.json --out roof.svg",
                  "excite bench --limits"});
  c.on_call([=, &run] {
    run = [=] { return run_on_ranks([&](Ranks* ranks) { return bench(c, *o, ranks); }); };
  });
}

}  // namespace excite
