// excite summary: lists the operations of a model with their costs, counted from one forward pass.
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/check.h"
#include "core/text.h"
#include "models/cost.h"
#include "models/zoo/settings.h"
#include "tools/commands/commands.h"
#include "tools/commands/network_options.h"
#include "tools/commands/output.h"
#include "tools/commands/shared_options.h"

namespace excite {

namespace {

struct SummaryOptions {
  NetworkOptions network;
  bool json = false;
};

void print_summary_as_json(const Model& model, long image_size, const Cost& cost) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const OpCost& c : cost.ops)
    layers.push_back({{"layer", c.layer},
                      {"op", c.op},
                      {"output", c.output.dims()},
                      {"parameters", c.parameters},
                      {"macs", c.macs},
                      {"bytes", c.bytes}});
  print_json({{"model", model.name},
              {"options", model.options},
              {"classes", model.classes},
              {"input", {1, image_size, image_size, 3}},
              {"parameters", cost.parameters},
              {"macs", cost.macs},
              {"activation_bytes", cost.bytes},
              {"layers", layers}});
}

void print_summary(const Model& model, long image_size, const Cost& cost) {
  std::printf("%s  %s  %ld classes, one image of %ldx%ld\n\n", model.name.c_str(),
              to_string(model.options).c_str(), model.classes, image_size, image_size);
  const auto row = [](const std::string& layer, const char* op, const std::string& output,
                      const std::string& parameters, const std::string& macs,
                      const std::string& bytes) {
    std::printf("%-28s %-20s %-18s %12s %15s %13s\n", layer.c_str(), op, output.c_str(),
                parameters.c_str(), macs.c_str(), bytes.c_str());
  };
  const auto number = [](long n) { return n ? grouped(n) : std::string("-"); };
  row("layer", "operation", "output", "parameters", "multiply-adds", "output bytes");
  for (const OpCost& c : cost.ops)
    row(c.layer, c.op.c_str(), text(c.output), number(c.parameters), number(c.macs),
        number(c.bytes));
  row("total", "", "", grouped(cost.parameters), grouped(cost.macs), grouped(cost.bytes));
}

int summary(const SummaryOptions& o) {
  Rng rng = Rng::silent();
  const Model model = make_network(o.network, rng).model;
  const long image_size = image_size_for(o.network, model);
  const Cost cost = cost_of(model(zeros({1, image_size, image_size, 3}), Mode::eval));
  o.json ? print_summary_as_json(model, image_size, cost) : print_summary(model, image_size, cost);
  return 0;
}

}  // namespace

void add_summary(const Command& program, Run& run) {
  const auto o = std::make_shared<SummaryOptions>();
  const Command c = program.add_command(
      "summary",
      "Show the operations of a model: shapes, parameters, multiply-adds.\nBytes are those of the "
      "outputs for one image.");
  c.begin_group("Model");
  add_network_options(c, o->network);
  c.begin_group("Output");
  add_json_option(c, o->json,
                  "model, options, classes, input, parameters, macs (multiply-adds), "
                  "activation_bytes, layers");
  c.add_examples({"excite summary --model se_resnet20 --set reduction=8",
                  "excite summary --weights runs/se_resnet20-1/best.safetensors"});
  c.on_call([=, &run] { run = [=] { return summary(*o); }; });
}

}  // namespace excite
