// excite models: lists the models.
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "models/zoo/registry.h"
#include "tools/commands/commands.h"
#include "tools/commands/output.h"
#include "tools/commands/shared_options.h"

namespace excite {

namespace {

long parameter_count(const ModelEntry& entry) {
  Rng rng = Rng::silent();
  return make_model(entry.name, {}, 10, rng).module().parameter_count();
}

void print_list_as_json() {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ModelEntry& entry : model_list())
    list.push_back({{"name", entry.name},
                    {"about", entry.about},
                    {"options", entry.defaults},
                    {"parameters", parameter_count(entry)}});
  print_json(list);
}

void print_list() {
  std::printf("%-24s %11s  %s\n", "model", "parameters",
              "description (options of --set with their defaults)");
  for (const ModelEntry& entry : model_list()) {
    const std::string options =
        entry.defaults.empty() ? "" : " (" + to_string(entry.defaults) + ")";
    std::printf("%-24s %11s  %s%s\n", entry.name.c_str(), grouped(parameter_count(entry)).c_str(),
                entry.about.c_str(), options.c_str());
  }
}

}  // namespace

void add_models(const Command& program, Run& run) {
  const auto json = std::make_shared<bool>(false);
  const Command c = program.add_command(
      "models", "List the models and their options.\nParameters are counted for ten classes.");
  c.begin_group("Output");
  add_json_option(c, *json, "name, about, options, parameters");
  c.add_examples({"excite models", "excite models --json"});
  c.on_call([=, &run] {
    run = [=] {
      *json ? print_list_as_json() : print_list();
      return 0;
    };
  });
}

}  // namespace excite
