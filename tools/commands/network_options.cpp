#include "tools/commands/network_options.h"

#include "core/check.h"
#include "models/zoo/registry.h"
#include "tools/commands/number_options.h"
#include "tools/commands/shared_options.h"

namespace excite {

void add_network_options(const Command& command, NetworkOptions& o) {
  add_model_option(command, o.model);
  add_set_option(command, o.set);
  Option weights =
      command
          .add_option("--weights", o.weights,
                      "Take the model of these weights instead, a .safetensors file of train or of "
                      "another program")
          .type_name("FILE");
  command.add_option("--classes", o.classes, "Classes of the created model")
      .excludes(weights)
      .whole_number(1, 100'000);
  command
      .add_option("--image-size", o.image_size,
                  "Side of the image that the model sees, in pixels; 0: the size that the model is "
                  "made for")
      .whole_number(0, 1024);
}

TrainedModel make_network(const NetworkOptions& o, Rng& rng) {
  require<UsageError>(!o.model.empty() || !o.weights.empty(),
                      "expected --model NAME or --weights FILE");
  if (o.weights.empty()) return {make_model(o.model, parse_settings(o.set), o.classes, rng), {}};
  TrainedModel trained = load_model(SafetensorsFile(o.weights), {o.model, parse_settings(o.set)});
  print_origin(o.weights, trained.origin);
  return trained;
}

long image_size_for(const NetworkOptions& o, const Model& model) {
  const long side = o.image_size == 0 ? model.image_size : o.image_size;
  require<UsageError>(side >= model.min_image_size, "--image-size ", side, ": ", model.name,
                      " needs images of at least ", model.min_image_size, "x", model.min_image_size,
                      " pixels");
  return side;
}

void add_weights_options(const Command& command, WeightsOptions& o) {
  command
      .add_option("--weights", o.weights,
                  "Weights, a .safetensors file of train or of another program")
      .required()
      .type_name("FILE");
  add_override_options(command, o.overrides);
}

TrainedModel load_network(const WeightsOptions& o) {
  TrainedModel trained = load_model(SafetensorsFile(o.weights), override_of(o.overrides));
  print_origin(o.weights, trained.origin);
  return trained;
}

}  // namespace excite
