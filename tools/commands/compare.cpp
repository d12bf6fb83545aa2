// excite compare: the accuracy of groups of runs, with 95 % intervals over their seeds, and
// decisions about hypotheses.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "core/check.h"
#include "core/files/atomic_file.h"
#include "core/text.h"
#include "tools/commands/commands.h"
#include "tools/commands/output.h"
#include "tools/commands/shared_options.h"
#include "tools/study/results.h"
#include "tools/study/results_drawing.h"
#include "tools/training/config.h"
#include "tools/training/log.h"
#include "tools/training/recipe_json.h"
#include "tools/training/statistics.h"

namespace excite {

namespace {

struct ComparedRun {
  std::string folder;
  long seed;
  std::map<std::string, std::string> settings;  // all that may differ, but the seed
  EpochRow last;
};

// Runs that differ in their seeds alone.
struct Group {
  std::string name;
  std::vector<ComparedRun> runs;
  std::vector<double> accuracies;  // fractions
};

ComparedRun read_run(const std::string& folder) {
  const RunConfig config = read_config(folder + "/config.json");
  const std::vector<EpochRow> log = read_log(folder + "/log.csv");
  const bool finished = log.back().epoch == config.recipe.epochs || config.recipe.patience > 0;
  require<UsageError>(finished, folder, ": the run has finished ", log.back().epoch, " of ",
                      counted(config.recipe.epochs, "epoch"), "; continue it with --resume first");
  ComparedRun run{folder, config.recipe.seed, {}, log.back()};
  const Json recipe = to_json(config.recipe);
  for (const auto& [key, value] : recipe.items())
    if (key != "seed")
      run.settings[key] = value.is_string() ? value.get<std::string>() : value.dump();
  run.settings["data"] = config.data;
  run.settings["weights"] = config.initial_weights.file;
  return run;
}

// The settings in which the groups differ, of this group; the model if there are none.
std::string name_of(const ComparedRun& run, const std::vector<Group>& groups) {
  std::set<std::string> keys;
  for (const Group& group : groups)
    for (const auto& [key, value] : group.runs.front().settings) keys.insert(key);
  std::vector<std::string> words;
  for (const std::string& key : keys) {
    const auto value = [&](const ComparedRun& of) {
      const auto found = of.settings.find(key);
      return found == of.settings.end() ? std::string("default") : found->second;
    };
    if (std::any_of(groups.begin(), groups.end(),
                    [&](const Group& group) { return value(group.runs.front()) != value(run); }))
      words.push_back(text(key, "=", value(run)));
  }
  return words.empty() ? run.settings.at("model") : join(words, " ");
}

std::vector<Group> groups_of(const std::vector<std::string>& folders) {
  std::vector<Group> groups;
  for (const std::string& folder : folders) {
    const ComparedRun run = read_run(folder);
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& g) {
      return g.runs.front().settings == run.settings;
    });
    if (group == groups.end()) group = groups.insert(groups.end(), Group{});
    for (const ComparedRun& other : group->runs)
      require<UsageError>(other.seed != run.seed, other.folder, " and ", run.folder,
                          " have the same recipe and the seed ", run.seed,
                          ", so they are the same run; expected other seeds");
    group->runs.push_back(run);
  }
  for (Group& group : groups) group.name = name_of(group.runs.front(), groups);
  return groups;
}

// Fills in the accuracies of the last epochs: on the test images if all runs have them, else on the
// validation images. Returns which.
std::string choose_accuracies(std::vector<Group>& groups) {
  const auto all_have = [&](std::optional<SetResult> EpochRow::*set) {
    return std::all_of(groups.begin(), groups.end(), [&](const Group& group) {
      return std::all_of(group.runs.begin(), group.runs.end(),
                         [&](const ComparedRun& run) { return (run.last.*set).has_value(); });
    });
  };
  const bool test = all_have(&EpochRow::test);
  require<UsageError>(test || all_have(&EpochRow::validation),
                      "the runs have neither all a test set nor all a validation set");
  for (Group& group : groups)
    for (const ComparedRun& run : group.runs)
      group.accuracies.push_back((test ? run.last.test : run.last.validation)->accuracy);
  return test ? "test" : "validation";
}

// A table of results instead of folders: its arms are the groups.
std::vector<Group> groups_of(const ResultTable& table) {
  std::vector<Group> groups;
  for (const Arm& arm : table.arms) {
    Group group{arm.name, {}, arm.values};
    for (const long seed : arm.seeds) group.runs.push_back({"", seed, {}, {}});
    groups.push_back(group);
  }
  return groups;
}

std::vector<Arm> arms_of(const std::vector<Group>& groups) {
  std::vector<Arm> arms;
  for (const Group& group : groups) {
    arms.push_back({group.name, {}, group.accuracies});
    for (const ComparedRun& run : group.runs) arms.back().seeds.push_back(run.seed);
  }
  return arms;
}

std::string percent(double fraction, const char* format = "%.2f") {
  char number[40];
  std::snprintf(number, sizeof number, format, 100 * fraction);
  return number;
}

std::string interval(const Estimate& e, const char* format = "%.2f") {
  if (!std::isfinite(e.half_width)) return "unknown of one run";
  return percent(e.mean - e.half_width, format) + " to " + percent(e.mean + e.half_width, format);
}

void print_groups(const std::vector<Group>& groups, const std::string& quantity) {
  std::printf("%s, in percent, over the seeds of each group\n\n", printable(quantity).c_str());
  std::printf("group  runs    mean  deviation  95 %% interval   settings\n");
  for (std::size_t i = 0; i < groups.size(); i++)
    std::printf("%5zu  %4zu  %6s  %9s  %-14s  %s\n", i + 1, groups[i].runs.size(),
                percent(mean(groups[i].accuracies)).c_str(),
                percent(deviation(groups[i].accuracies)).c_str(),
                interval(estimate_mean(groups[i].accuracies)).c_str(),
                printable(groups[i].name).c_str());
}

void print_differences(const std::vector<Group>& groups) {
  if (groups.size() < 2) return;
  std::printf("\ndifference     mean  95 %% interval\n");
  for (std::size_t i = 0; i < groups.size(); i++)
    for (std::size_t k = i + 1; k < groups.size(); k++) {
      const Estimate d = estimate_difference(groups[i].accuracies, groups[k].accuracies);
      std::printf("%4zu - %zu      %6s  %s\n", k + 1, i + 1, percent(d.mean, "%+.2f").c_str(),
                  interval(d, "%+.2f").c_str());
    }
}

std::string name_of(const Hypothesis& h) {
  return printable(h.arm) + " " + h.relation + " " + printable(h.reference);
}

void print_decisions(const std::vector<Hypothesis>& hypotheses,
                     const std::vector<Decision>& decisions) {
  std::printf("\n%-44s  difference  95 %% interval        p  decision\n", "hypothesis");
  for (std::size_t i = 0; i < hypotheses.size(); i++) {
    const Hypothesis& h = hypotheses[i];
    const Decision& d = decisions[i];
    const std::string name = name_of(h) +
                             (h.relation == '~' ? " within " + percent(h.margin) : "") +
                             (h.is_primary ? " (primary)" : "");
    if (d.word == "missing")
      std::printf("%-44s  %10s  %-14s  %7s  missing\n", name.c_str(), "-", "-", "-");
    else
      std::printf("%-44s  %10s  %-14s  %7s  %s\n", name.c_str(),
                  percent(d.difference.mean, "%+.2f").c_str(),
                  interval(d.difference, "%+.2f").c_str(),
                  d.p < 0.0001 ? "<0.0001" : decimal(d.p, 4).c_str(), d.word.c_str());
  }
  std::printf(
      "\np: two-sided, Welch's test; of secondary > and <, adjusted by Holm's method. The "
      "intervals\n"
      "are those of single differences, not adjusted.\n");
}

nlohmann::ordered_json as_json(const Estimate& e) {
  nlohmann::ordered_json json{{"mean", e.mean}, {"interval", nullptr}};
  if (std::isfinite(e.half_width))
    json["interval"] = {e.mean - e.half_width, e.mean + e.half_width};
  return json;
}

nlohmann::ordered_json as_json(const std::vector<Group>& groups, const std::string& set) {
  nlohmann::ordered_json json{{"set", set},
                              {"groups", nlohmann::ordered_json::array()},
                              {"differences", nlohmann::ordered_json::array()}};
  for (std::size_t i = 0; i < groups.size(); i++) {
    nlohmann::ordered_json group = as_json(estimate_mean(groups[i].accuracies));
    group["settings"] = groups[i].name;
    group["deviation"] = deviation(groups[i].accuracies);
    for (std::size_t k = 0; k < groups[i].runs.size(); k++)
      group["runs"].push_back({{"folder", groups[i].runs[k].folder},
                               {"seed", groups[i].runs[k].seed},
                               {"accuracy", groups[i].accuracies[k]}});
    json["groups"].push_back(group);
    for (std::size_t k = i + 1; k < groups.size(); k++) {
      nlohmann::ordered_json difference =
          as_json(estimate_difference(groups[i].accuracies, groups[k].accuracies));
      difference["of"] = {k + 1, i + 1};
      json["differences"].push_back(difference);
    }
  }
  return json;
}

struct CompareOptions {
  std::vector<std::string> runs;
  std::string hypotheses, svg;
  bool json = false;
};

int compare(const CompareOptions& o) {
  std::vector<Group> groups;
  std::string set, quantity;
  if (o.runs.size() == 1 && o.runs[0].ends_with(".csv")) {
    const ResultTable table = read_results(o.runs[0]);
    groups = groups_of(table), set = quantity = table.quantity;
  } else {
    groups = groups_of(o.runs), set = choose_accuracies(groups);
    quantity = set + " accuracy of the last epoch";
  }
  if (!o.svg.empty()) {
    require_extension(o.svg, ".svg");
    write_text_atomically(o.svg, draw_results(arms_of(groups), quantity).xml());
  }
  std::vector<Hypothesis> hypotheses;
  if (!o.hypotheses.empty()) hypotheses = read_hypotheses(o.hypotheses);
  const std::vector<Decision> decisions = decide(hypotheses, arms_of(groups));
  if (o.json) {
    nlohmann::ordered_json json = as_json(groups, set);
    for (std::size_t i = 0; i < hypotheses.size(); i++) {
      nlohmann::ordered_json entry = as_json(decisions[i].difference);
      entry["hypothesis"] = name_of(hypotheses[i]);
      entry["p"] = decisions[i].p, entry["decision"] = decisions[i].word;
      json["hypotheses"].push_back(entry);
    }
    print_json(json);
    return 0;
  }
  print_groups(groups, quantity);
  o.hypotheses.empty() ? print_differences(groups) : print_decisions(hypotheses, decisions);
  return 0;
}

}  // namespace

void add_compare(const Command& program, Run& run) {
  const auto o = std::make_shared<CompareOptions>();
  const Command c = program.add_command(
      "compare",
      "Compare the accuracies of training runs.\nRuns that differ in their seeds alone are a "
      "group. Prints mean, standard deviation and 95 % interval of each group, and of the "
      "differences.");
  c.add_option("runs", o->runs,
               "Folders of runs, or one .csv file whose first columns are group, seed, accuracy")
      .required()
      .type_name("RUN");
  c.begin_group("Statistics");
  c.add_option("--hypotheses", o->hypotheses,
               "Decide the hypotheses of a .csv file with the columns "
               "role,arm,relation,reference,margin (primary,a,>,b, says that a is better than b)")
      .type_name("FILE");
  c.begin_group("Output");
  c.add_option("--svg", o->svg, "Draw each run as a dot, with mean and interval of each group")
      .type_name("FILE");
  add_json_option(c, o->json,
                  "set, groups (settings, mean, interval, deviation, runs), differences (of: two "
                  "groups, counted from 1; mean, interval), hypotheses (hypothesis, mean, "
                  "interval, p, decision); accuracies are fractions");
  c.add_examples({"excite compare runs/se_resnet20-1 runs/se_resnet20-2 runs/resnet20-*",
                  "excite compare results.csv --hypotheses hypotheses.csv --svg results.svg"});
  c.on_call([=, &run] { run = [=] { return compare(*o); }; });
}

}  // namespace excite
