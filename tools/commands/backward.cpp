// excite backward: a loss and all its gradients, for whoever compares them with another program's.
#include <memory>

#include "autograd/ops.h"
#include "core/check.h"
#include "core/parallel.h"
#include "tools/commands/commands.h"
#include "tools/commands/tensor_files.h"

namespace excite {

namespace {

struct BackwardOptions {
  std::string weights, tensors, out;
  ModelOverrideOptions overrides;
  int threads = excite::threads();
};

// A model in training that draws nothing: dropout leaves everything in its place, and Shake-Shake
// gives each branch a half, both ways.
TrainedModel load_without_chance(const SafetensorsFile& file, ModelOverride overrides) {
  const Settings& defaults = find_model(describe(file, overrides).model).defaults;
  for (const auto& [option, value] :
       Settings{{"dropout", "0"}, {"forward", "even"}, {"backward", "even"}})
    if (defaults.contains(option)) overrides.options[option] = value;
  return load_model(file, overrides);
}

int run_backward(const BackwardOptions& o) {
  set_threads(o.threads);
  const SafetensorsFile weights(o.weights), tensors(o.tensors);
  const TrainedModel trained = load_without_chance(weights, override_of(o.overrides));
  Tensor x = images_in(tensors);
  const std::vector<int> targets = targets_in(tensors, x.dim(0), trained.model.classes);
  say_origin(o.weights, trained.origin);

  const Var loss = cross_entropy(trained.model(std::move(x), Mode::train), targets);
  backward(loss);

  NamedTensors all{{"loss", &loss->value}};
  for (const Module::Entry& e : trained.model.module.state())
    all.emplace_back(e.name, e.kind == Module::Kind::buffer ? &e.var->value : &e.var->grad);
  save_tensors(o.out, {}, all, *names_in(weights.names(), weights.path()).dialect);
  return 0;
}

}  // namespace

void add_backward(CLI::App& app, Run& run) {
  const auto o = std::make_shared<BackwardOptions>();
  CLI::App* c = app.add_subcommand(
      "backward",
      "computes a loss and the gradient of every parameter, for comparison with another program");
  c->add_option("--weights", o->weights, "a .safetensors file of train or of another program")
      ->required()
      ->default_str("");
  add_override_options(*c, o->overrides);
  c->add_option("--tensors", o->tensors,
                "a .safetensors file with input [N, 3, H, W], F32 or F64, taken as it is, and "
                "target [N], I64")
      ->required()
      ->default_str("");
  c->add_option("--out", o->out,
                "the .safetensors file to write: loss, each parameter's gradient under its name, "
                "the new running statistics")
      ->required()
      ->default_str("");
  c->add_option("--threads", o->threads, "changes the time, not the numbers")
      ->check(CLI::Range(1, 1024));
  c->footer(
      "As in training: batch-norm by the batch's statistics, and mean cross-entropy; but without "
      "dropout, and with even Shake-Shake.\n"
      "Example: excite-double backward --weights w.safetensors --tensors in.safetensors --out "
      "gradients.safetensors");
  c->callback([=, &run] { run = [=] { return run_backward(*o); }; });
}

}  // namespace excite
