// excite data check: what is in a data set, and what is wrong with it.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/check.h"
#include "core/parallel.h"
#include "core/text.h"
#include "tools/commands/commands.h"
#include "tools/commands/output.h"
#include "tools/commands/shared_options.h"
#include "tools/data/check_data.h"
#include "tools/data/load.h"

namespace excite {

namespace {

struct DataOptions {
  std::string action, data;
  bool json = false;
  int threads = excite::threads();
};

void print_counts(const DataReport& report) {
  std::size_t width = 5;
  for (const std::string& name : report.classes) width = std::max(width, printable(name).size());
  std::printf("%-*s", static_cast<int>(width), "class");
  for (const SetReport& set : report.sets) std::printf("  %10s", set.name.c_str());
  std::printf("\n");
  constexpr std::size_t most = 30;
  for (std::size_t k = 0; k < std::min(most, report.classes.size()); k++) {
    std::printf("%-*s", static_cast<int>(width), printable(report.classes[k]).c_str());
    for (const SetReport& set : report.sets) std::printf("  %10ld", set.per_class[k]);
    std::printf("\n");
  }
  if (report.classes.size() > most)
    std::printf("and %zu more classes\n", report.classes.size() - most);
  for (const SetReport& set : report.sets)
    std::printf("%s: %s, sides from %ld to %ld pixels, the middle one %ld\n", set.name.c_str(),
                counted(set.images, "image").c_str(), set.min_side, set.max_side, set.median_side);
}

void print_list(const char* heading, const std::vector<std::string>& items) {
  constexpr std::size_t most = 5;
  std::printf("%s: %zu\n", heading, items.size());
  for (std::size_t i = 0; i < std::min(most, items.size()); i++)
    std::printf("  %s\n", printable(items[i]).c_str());
  if (items.size() > most) std::printf("  and %zu more\n", items.size() - most);
}

int data(const DataOptions& o) {
  require<UsageError>(o.action == "check", "data ", o.action, ": expected data check DIR");
  set_threads(o.threads);
  const DataReport report = check_data(load_data(o.data));
  if (o.json) {
    nlohmann::ordered_json json{{"sets", nlohmann::ordered_json::object()}};
    for (const SetReport& set : report.sets) {
      nlohmann::ordered_json& one = json["sets"][set.name];
      one = {{"images", set.images},
             {"min_side", set.min_side},
             {"median_side", set.median_side},
             {"max_side", set.max_side}};
      for (std::size_t k = 0; k < report.classes.size(); k++)
        one["classes"][report.classes[k]] = set.per_class[k];
    }
    json["broken"] = report.broken;
    json["duplicates"] = report.duplicates;
    json["suspicious"] = report.suspicious;
    print_json(json);
    return 0;
  }
  print_counts(report);
  print_list("files that are no images or cannot be decoded", report.broken);
  print_list("images that occur twice", report.duplicates);
  print_list("suspicious", report.suspicious);
  return 0;
}

}  // namespace

void add_data(const Command& program, Run& run) {
  const auto o = std::make_shared<DataOptions>();
  const Command c =
      program.add_command("data",
                          "Check a data set.\n`excite data check DIR` decodes all images. "
                          "Prints their number per class, "
                          "their sizes, files that cannot be decoded, images that occur "
                          "twice, and suspicious classes.");
  c.add_option("action", o->action, "check").required().type_name("check");
  c.add_option("data", o->data, data_option_help).required().type_name("DIR");
  c.begin_group("Run");
  add_threads_option(c, o->threads);
  c.begin_group("Output");
  add_json_option(c, o->json,
                  "sets (images, min_side, median_side, max_side, classes), broken, duplicates, "
                  "suspicious");
  c.add_examples({"excite data check birds", "excite data check --json data/cifar-10-batches-bin"});
  c.on_call([=, &run] { run = [=] { return data(*o); }; });
}

}  // namespace excite
