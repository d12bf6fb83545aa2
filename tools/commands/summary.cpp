// excite summary: what a model is made of and what it costs, counted from one forward pass.
#include <cstdio>
#include <memory>

#include "core/check.h"
#include "core/text.h"
#include "models/cost.h"
#include "tools/commands/commands.h"
#include "tools/commands/model_override.h"
#include "tools/commands/output.h"

namespace excite {

namespace {

struct SummaryOptions {
  std::string model, set, weights;
  long classes = 10, size = 0;
  bool json = false;
};

void print_summary_as_json(const Model& model, long size, const Cost& cost) {
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
              {"input", {1, size, size, 3}},
              {"parameters", cost.parameters},
              {"macs", cost.macs},
              {"activation_bytes", cost.bytes},
              {"layers", layers}});
}

void print_summary(const Model& model, long size, const Cost& cost) {
  std::printf("%s  %s  %ld classes, one image of %ldx%ld\n\n", model.name.c_str(),
              in_words(model.options).c_str(), model.classes, size, size);
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

Model model_of(const SummaryOptions& o) {
  Rng rng = Rng::silent();
  if (o.weights.empty()) return make_model(o.model, parse_settings(o.set), o.classes, rng);
  const TrainedModel trained =
      load_model(SafetensorsFile(o.weights), {o.model, parse_settings(o.set)});
  say_origin(o.weights, trained.origin);
  return trained.model;
}

int summary(const SummaryOptions& o) {
  require<UsageError>(!o.model.empty() || !o.weights.empty(),
                      "summary: --model or --weights is required");
  const Model model = model_of(o);
  const long size = o.size == 0 ? model.image_size : o.size;
  const Cost cost = cost_of(model(zeros({1, size, size, 3}), Mode::evaluate));
  o.json ? print_summary_as_json(model, size, cost) : print_summary(model, size, cost);
  return 0;
}

}  // namespace

void add_summary(CLI::App& app, Run& run) {
  const auto o = std::make_shared<SummaryOptions>();
  CLI::App* c = app.add_subcommand("summary",
                                   "shows what a model is made of: every operation's output, "
                                   "parameters, multiply-adds and bytes");
  c->add_option("--model", o->model, "the model's name; `excite models` lists them")
      ->default_str("");
  c->add_option("--weights", o->weights,
                "a .safetensors file of train or of another program, whose model it is")
      ->default_str("");
  c->add_option("--set", o->set, "the model's options: key=value,...");
  c->add_option("--classes", o->classes,
                "how many classes it tells apart; not beside --weights, which say it")
      ->excludes(c->get_option("--weights"));
  c->add_option("--image-size", o->size,
                "side of the image; 0 for the one that the model is meant for")
      ->check(CLI::Range(0, 1024));
  c->add_flag("--json", o->json, "prints JSON: parameters, macs, activation_bytes, layers");
  c->footer("Example: excite summary --model se_resnet20 --set reduction=8");
  c->callback([=, &run] { run = [=] { return summary(*o); }; });
}

}  // namespace excite
