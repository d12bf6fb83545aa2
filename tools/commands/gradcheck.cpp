// excite-double gradcheck: is every gradient right? Walks the cases of autograd/op_cases, and a
// small relative of every model.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "autograd/gradcheck.h"
#include "core/check.h"
#include "core/parallel.h"
#include "core/text.h"
#include "models/zoo/registry.h"
#include "tools/commands/commands.h"
#include "tools/commands/op_cases.h"
#include "tools/commands/output.h"

namespace excite {

namespace {

// ---- what there is to check ----

struct Check {
  std::string name;              // a row of the table: an op, or a model
  std::string about;             // what is special: of an op the case, of a model its options
  std::set<std::string> called;  // on the command line
  std::function<GradcheckReport()> run;
};

GradcheckReport check_case(const OpCase& c) {
  Rng rng(0);
  GradcheckOptions options;
  options.zero_by_nature = c.zero;
  return check_gradient(c.f, c.inputs(rng), options);
}

using Parameters = std::vector<std::pair<std::string, Var>>;

bool some_gradient_is_zero(const Var& y, const Parameters& parameters,
                           const std::set<std::string>& zero_by_nature) {
  Rng rng(1);
  backward(y, normal(y.shape(), rng));
  bool found = false;
  for (const auto& [name, x] : parameters) {
    found |= !zero_by_nature.contains(name) &&
             std::all_of(x->grad.begin(), x->grad.end(), [](real v) { return v == 0; });
    x->grad = Tensor();
  }
  return found;
}

// The biases of convolutions that a batch-norm follows at once, which takes them away again. Those
// in a gate stay.
std::set<std::string> biases_before_norm(const Module& module) {
  const auto layer = [](const std::string& name) { return name.substr(0, name.rfind('.')); };
  std::set<std::string> names, biases;
  for (const Module::Entry& entry : module.state()) names.insert(entry.name);
  const std::vector<Module::Entry>& all = module.state();
  for (std::size_t i = 0; i + 2 < all.size(); i++) {
    const std::string bias = layer(all[i].name) + ".bias";
    const bool conv =
        all[i].var.shape().rank() == 4 && all[i].name.find(".se.") == std::string::npos;
    if (conv && all[i + 1].name == bias && names.contains(layer(all[i + 2].name) + ".running_mean"))
      biases.insert(bias);
  }
  return biases;
}

// In training, on images just large enough that halvings leave some pixels to normalize over. Where
// the only hidden number of a block happens to be below 0 for every image, nothing comes through
// that could be checked: then the next seed is taken.
GradcheckReport check_model(const std::string& small, const Settings& settings) {
  constexpr long last_seed = 300;
  for (long seed = 0;; seed++) {
    Rng rng(seed);
    const Model model = make_model(small, settings, 4, rng);
    const long side = std::max(model.image_size > 32 ? 24l : 8l, model.smallest);
    const Tensor images = normal({3, side, side, 3}, rng);
    const std::set<std::string> zero = biases_before_norm(model.module);
    Parameters parameters;
    for (const Module::Entry& entry : model.module.state())
      if (entry.kind != Module::Kind::buffer) parameters.push_back({entry.name, entry.var});
    const auto logits = [&] {
      model.module.reseed(0, 0);
      return model(images.clone(), Mode::train);
    };
    if (seed < last_seed && some_gradient_is_zero(logits(), parameters, zero)) continue;
    return check_model_gradient(
        logits, parameters,
        {.zero_by_nature = [&](const std::string& name) { return zero.contains(name); }});
  }
}

// Each small model as it is, and once with each option set to something else. Shake-Shake goes back
// through another function than it went forward through, unless it keeps the mixture; only then are
// there differences to compare with.
std::vector<Check> model_checks() {
  const std::vector<std::pair<std::string, std::string>> others{
      {"shortcut", "A"},        {"forward", "even"},    {"stride_on", "3x3"},
      {"stem", "3x3"},          {"stem_pool", "floor"}, {"se", "pre"},
      {"se", "post"},           {"se", "identity"},     {"se", "inside"},
      {"relu_before_se", "on"}, {"squeeze", "max"},     {"squeeze", "none"},
      {"gate", "relu"},         {"gate", "tanh"},       {"reduction", "4"},
      {"se_least", "2"},        {"se_fc", "1x1"},       {"se_bias", "off"},
      {"se_stages", "3"}};
  std::vector<Check> checks;
  std::set<std::string> seen;
  for (const ModelEntry& entry : model_list()) {
    if (!seen.insert(entry.small).second) {
      for (Check& check : checks)
        if (check.name == entry.small) check.called.insert(entry.name);
      continue;
    }
    const auto add = [&](const std::string& about, const Settings& settings) {
      const Settings all =
          together(settings, entry.defaults.contains("backward") ? Settings{{"backward", "keep"}}
                                                                 : Settings{});
      checks.push_back({entry.small, about, {entry.small, entry.name}, [small = entry.small, all] {
                          return check_model(small, all);
                        }});
    };
    add("as it is", {});
    for (const auto& [key, value] : others)
      if (entry.defaults.contains(key)) add(key + "=" + value, {{key, value}});
  }
  return checks;
}

std::vector<Check> all_checks() {
  std::vector<Check> checks;
  for (const OpCase& c : op_cases())
    checks.push_back({c.op, c.name, {c.op}, [&c] { return check_case(c); }});
  for (Check& check : model_checks()) checks.push_back(std::move(check));
  return checks;
}

std::vector<Check> chosen_checks(const std::vector<std::string>& names) {
  const std::vector<Check> all = all_checks();
  std::vector<std::string> known;
  for (const Check& check : all)
    known.insert(known.end(), check.called.begin(), check.called.end());
  for (const std::string& name : names)
    require<UsageError>(std::count(known.begin(), known.end(), name),
                        "gradcheck: there is no operation or model '", name, "'; the nearest is ",
                        nearest(name, known));
  std::vector<Check> chosen;
  for (const Check& check : all)
    if (names.empty() || std::any_of(names.begin(), names.end(), [&](const std::string& name) {
          return check.called.contains(name);
        }))
      chosen.push_back(check);
  return chosen;
}

// ---- the table ----

struct Row {
  std::string name;
  long cases = 0, failed = 0, checked = 0, kinks = 0;
  double worst = 0;
  std::string worst_in;  // the case
  void add(const Check& check, const GradcheckReport& report) {
    if (cases++ == 0 || report.worst > worst) worst = report.worst, worst_in = check.about;
    failed += !report.ok;
    checked += report.checked;
    kinks += report.kinks;
  }
  void print() const {
    std::printf("%-26s %5ld %8ld %6ld %10.1e  %-6s  %s\n", name.c_str(), cases, checked, kinks,
                worst, failed ? "FAILED" : "ok", worst_in.c_str());
    std::fflush(stdout);
  }
};

// Checks go side by side, each on one core; what each says is told in their order, as soon as those
// before it are done.
void run_all(const std::vector<Check>& checks,
             const std::function<void(const Check& check, const GradcheckReport& report)>& tell) {
  std::mutex mutex;
  std::vector<std::optional<GradcheckReport>> reports(checks.size());
  std::size_t next = 0;
  parallel_for(static_cast<long>(checks.size()), [&](long i) {
    GradcheckReport report = checks[i].run();
    const std::lock_guard lock(mutex);
    reports[i] = std::move(report);
    for (; next < checks.size() && reports[next]; next++) tell(checks[next], *reports[next]);
  });
}

// A row for each operation and model; where some are asked for by name, one for each of their
// cases.
int gradcheck(const std::vector<std::string>& names) {
  require<UsageError>(sizeof(real) == sizeof(double),
                      "gradcheck: this program computes in float, whose rounding is as large as "
                      "many a mistake; use excite-double gradcheck");
  const std::vector<Check> checks = chosen_checks(names);
  std::printf("%-26s %5s %8s %6s %10s  %-6s  %s\n", "checked", "cases", "elements", "kinks",
              "worst", "", names.empty() ? "the case with the worst error" : "case");
  Row row, total;
  std::string complaints;
  run_all(checks, [&](const Check& check, const GradcheckReport& report) {
    if (row.cases && (!names.empty() || row.name != check.name)) row.print(), row = {};
    row.name = check.name;
    row.add(check, report);
    total.add(check, report);
    if (!report.ok) complaints += text(check.name, ", ", check.about, ":\n", report.message, "\n");
  });
  row.print();
  std::printf("\n%s%ld cases, %s elements, %ld kinks: %ld failed\n", complaints.c_str(),
              total.cases, grouped(total.checked).c_str(), total.kinks, total.failed);
  return total.failed ? 1 : 0;
}

}  // namespace

void add_gradcheck(CLI::App& app, Run& run) {
  const auto names = std::make_shared<std::vector<std::string>>();
  CLI::App* c = app.add_subcommand(
      "gradcheck", "compares every gradient with differences of values (needs excite-double)");
  c->add_option("names", *names, "operations and models; all unless told")->default_str("");
  c->footer(
      "An operation's error must stay below 1e-7, a model's below 1e-6.\nExample: excite-double "
      "gradcheck conv2d se_resnet20");
  c->callback([=, &run] { run = [=] { return gradcheck(*names); }; });
}

}  // namespace excite
