// excite backward: computes a loss and all gradients, to compare with another program.
#include <memory>

#include "autograd/ops.h"
#include "core/check.h"
#include "core/kernels/elementwise.h"
#include "core/parallel.h"
#include "models/zoo/registry.h"
#include "tools/commands/commands.h"
#include "tools/commands/network_options.h"
#include "tools/commands/output.h"
#include "tools/commands/shared_options.h"
#include "tools/commands/tensor_files.h"

namespace excite {

namespace {

struct BackwardOptions {
  WeightsOptions network;
  std::string tensors, out;
  int threads = excite::threads();
};

// Loads a model that draws no random numbers in training: without dropout, and with Shake-Shake
// branches weighted by 1/2, forward and backward.
TrainedModel load_deterministic(const SafetensorsFile& file, ModelOverride overrides) {
  const Settings& defaults = find_model(describe(file, overrides).model).defaults;
  for (const auto& [option, value] :
       Settings{{"dropout", "0"}, {"forward", "even"}, {"backward", "even"}})
    if (defaults.contains(option)) overrides.options[option] = value;
  return load_model(file, overrides);
}

int run_backward(const BackwardOptions& o) {
  set_threads(o.threads);
  const SafetensorsFile weights(o.network.weights), tensors(o.tensors);
  const TrainedModel trained = load_deterministic(weights, override_of(o.network.overrides));
  require_not_an_input(o.out, {o.network.weights, o.tensors});
  Tensor x = images_in(tensors);
  require_large_enough(x, trained.model, tensors);
  const std::vector<int> targets = targets_in(tensors, x.dim(0), trained.model.classes);
  print_origin(o.network.weights, trained.origin);

  const auto loss_of = [&](Tensor input) {
    return cross_entropy(trained.model(std::move(input), Mode::train), targets);
  };
  const Var loss = loss_of(std::move(x));
  if (!all_finite(loss->value)) throw_not_finite(loss, "the loss");
  backward(loss);

  NamedTensors all{{"loss", &loss->value}};
  for (const Module::Entry& e : trained.model.module().state())
    all.emplace_back(e.name, e.kind == Module::Kind::buffer ? &e.var->value : &e.var->grad);
  for (const auto& [name, tensor] : all)
    if (!all_finite(*tensor))
      throw_not_finite(loss_of(images_in(tensors)), "the new value of " + name);
  save_tensors(o.out, {}, all, *map_names(weights.names(), weights.path()).dialect);
  return 0;
}

}  // namespace

void add_backward(const Command& program, Run& run) {
  const auto o = std::make_shared<BackwardOptions>();
  const Command c = program.add_command(
      "backward",
      "Compute the loss and all gradients of a batch, to compare with another program.\nThe model "
      "is "
      "in training mode: batch norm uses the statistics of the batch, and the loss is the mean "
      "cross-entropy. Dropout is off, and Shake-Shake branches are weighted by 1/2.");
  c.begin_group("Model");
  add_weights_options(c, o->network);
  c.begin_group("Data");
  c.add_option("--tensors", o->tensors,
               "Read tensors 'input' [N, 3, H, W], F32 or F64, and 'target' [N], I64, from a "
               ".safetensors file; 'input' is used as it is, without resizing and normalization")
      .required()
      .type_name("FILE");
  c.begin_group("Run");
  add_threads_option(c, o->threads);
  c.begin_group("Output");
  c.add_option("--out", o->out,
               "Write the loss, the gradient of each parameter under the parameter's name, and the "
               "new running statistics to this .safetensors file")
      .required()
      .type_name("FILE");
  c.add_examples(
      {"excite-double backward --weights w.safetensors --tensors in.safetensors "
       "--out grads.safetensors"});
  c.on_call([=, &run] { run = [=] { return run_backward(*o); }; });
}

}  // namespace excite
