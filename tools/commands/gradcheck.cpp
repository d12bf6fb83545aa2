// excite-double gradcheck: checks the gradient of every operation, on the cases of op_cases.cpp,
// and of a small variant of every model.
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
#include "tools/commands/number_options.h"
#include "tools/commands/op_cases.h"
#include "tools/commands/output.h"

namespace excite {

namespace {

// ---- the list of checks ----

struct Check {
  std::string name;             // a row of the table: an operation or a model
  std::string about;            // the case of the operation, or the options of the model
  std::set<std::string> names;  // by which the command line chooses it
  std::function<GradcheckReport()> run;
};

GradcheckReport check_case(const OpCase& c) {
  Rng rng(0);
  GradcheckOptions options;
  options.zero_gradient = c.zero_gradient;
  return check_gradient(c.f, c.inputs(rng), options);
}

using Parameters = std::vector<std::pair<std::string, Var>>;

bool any_gradient_is_zero(const Var& y, const Parameters& parameters,
                          const std::set<std::string>& zero_gradient) {
  Rng rng(1);
  backward(y, normal(y.shape(), rng));
  bool found = false;
  for (const auto& [name, x] : parameters) {
    found |= !zero_gradient.contains(name) &&
             std::all_of(x->grad.begin(), x->grad.end(), [](real v) { return v == 0; });
    x->grad = Tensor();
  }
  return found;
}

// Biases of convolutions directly before a batch norm: it subtracts them again, so their gradient
// is zero. Biases inside a squeeze-and-excitation block are not among them.
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

// Checks a model in training mode, on images just large enough that the last stage still has
// several pixels to normalize over. If the only hidden unit of a squeeze-and-excitation block is
// below 0 for every image, its ReLU passes no gradient and nothing could be checked; then the next
// seed is used.
GradcheckReport check_model(const std::string& small, const Settings& settings) {
  constexpr long last_seed = 300;
  for (long seed = 0;; seed++) {
    Rng rng(seed);
    const Model model = make_model(small, settings, 4, rng);
    const long side = std::max(model.image_size > 32 ? 24l : 8l, model.min_image_size);
    const Tensor images = normal({3, side, side, 3}, rng);
    const std::set<std::string> zero = biases_before_norm(model.module());
    Parameters parameters;
    for (const Module::Entry& entry : model.module().state())
      if (entry.kind != Module::Kind::buffer) parameters.push_back({entry.name, entry.var});
    const auto logits = [&] {
      model.module().reseed(0, 0);
      return model(images.clone(), Mode::train);
    };
    if (seed < last_seed && any_gradient_is_zero(logits(), parameters, zero)) continue;
    return check_model_gradient(logits, parameters, {.zero_gradient = [&](const std::string& name) {
                                  return zero.contains(name);
                                }});
  }
}

// Each small model with its defaults, and once with each option changed. Shake-Shake draws other
// branch weights backward than forward, so its gradient is not that of its value; only with
// backward=keep can it be compared with finite differences.
std::vector<Check> model_checks() {
  const std::vector<std::pair<std::string, std::string>> changes{
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
    if (!seen.insert(entry.small_variant).second) {
      for (Check& check : checks)
        if (check.name == entry.small_variant) check.names.insert(entry.name);
      continue;
    }
    const auto add = [&](const std::string& about, const Settings& settings) {
      const Settings all =
          merged(settings,
                 entry.defaults.contains("backward") ? Settings{{"backward", "keep"}} : Settings{});
      checks.push_back({entry.small_variant,
                        about,
                        {entry.small_variant, entry.name},
                        [small = entry.small_variant, all] { return check_model(small, all); }});
    };
    add("defaults", {});
    for (const auto& [key, value] : changes)
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

// The names that an error may suggest: all but the models' small variants.
std::vector<std::string> suggested_names() {
  std::vector<std::string> names;
  for (const OpCase& c : op_cases()) names.push_back(c.op);
  for (const std::string& model : model_names()) names.push_back(model);
  return names;
}

std::vector<Check> chosen_checks(const std::vector<std::string>& names) {
  const std::vector<Check> all = all_checks();
  std::vector<std::string> known;
  for (const Check& check : all) known.insert(known.end(), check.names.begin(), check.names.end());
  for (const std::string& name : names)
    require<UsageError>(std::count(known.begin(), known.end(), name),
                        "there is no operation or model '", name, "'",
                        suggestion(name, suggested_names()));
  std::vector<Check> chosen;
  for (const Check& check : all)
    if (names.empty() || std::any_of(names.begin(), names.end(), [&](const std::string& name) {
          return check.names.contains(name);
        }))
      chosen.push_back(check);
  return chosen;
}

// ---- the table ----

struct Row {
  std::string name;
  long cases = 0, failed = 0, checked = 0, kinks = 0;
  double max_error = 0;
  std::string worst_case, derivatives;
  void add(const Check& check, const GradcheckReport& report) {
    if (cases++ == 0 || report.worst > max_error)
      max_error = report.worst, worst_case = check.about;
    failed += !report.ok;
    checked += report.checked;
    kinks += report.kinks;
  }
  void print() const {
    std::printf("%-26s %5ld %8ld %6ld %10.1e  %-6s  %s\n", name.c_str(), cases, checked, kinks,
                max_error, failed ? "FAILED" : "ok", worst_case.c_str());
    std::printf("%s", derivatives.c_str());
    std::fflush(stdout);
  }
};

// Runs the checks in parallel, each on one core. Calls on_report() in the order of the checks, as
// soon as all checks before are done.
void run_all(
    const std::vector<Check>& checks,
    const std::function<void(const Check& check, const GradcheckReport& report)>& on_report) {
  std::mutex mutex;
  std::vector<std::optional<GradcheckReport>> reports(checks.size());
  std::size_t next = 0;
  parallel_for(static_cast<long>(checks.size()), [&](long i) {
    GradcheckReport report = checks[i].run();
    const std::lock_guard lock(mutex);
    reports[i] = std::move(report);
    for (; next < checks.size() && reports[next]; next++) on_report(checks[next], *reports[next]);
  });
}

struct Options {
  std::vector<std::string> names;
  long derivatives = 0;  // of each case, to be printed
};

// Prints one row per operation and model, or one row per case if names or derivatives are asked
// for.
int gradcheck(const Options& options) {
  require<UsageError>(
      sizeof(real) == sizeof(double),
      "this program computes in float, whose rounding errors would hide mistakes; run "
      "excite-double gradcheck");
  const std::vector<Check> checks = chosen_checks(options.names);
  const bool row_per_case = !options.names.empty() || options.derivatives > 0;
  std::printf("%-26s %5s %8s %6s %10s  %-6s  %s\n", "checked", "cases", "elements", "kinks",
              "max error", "", row_per_case ? "case" : "case with the largest error");
  Row row, total;
  std::string failures;
  run_all(checks, [&](const Check& check, const GradcheckReport& report) {
    if (row.cases && (row_per_case || row.name != check.name)) row.print(), row = {};
    row.name = check.name;
    row.add(check, report);
    if (options.derivatives > 0) row.derivatives = report.table(options.derivatives);
    total.add(check, report);
    if (!report.ok) failures += text(check.name, ", ", check.about, ":\n", report.message, "\n");
  });
  row.print();
  std::printf("\n%s%ld cases, %s elements, %ld kinks: %ld failed\n", failures.c_str(), total.cases,
              grouped(total.checked).c_str(), total.kinks, total.failed);
  return total.failed ? 1 : 0;
}

}  // namespace

void add_gradcheck(const Command& program, Run& run) {
  const auto o = std::make_shared<Options>();
  const Command c = program.add_command(
      "gradcheck",
      "Compare gradients with finite differences (excite-double only).\nThe error must stay below "
      "1e-7 for an operation and below 1e-6 for a model. Checking everything takes some minutes.");
  c.add_option("names", o->names, "Operations and models to check [all]").type_name("NAME");
  c.add_option("--table", o->derivatives,
               "Print this many derivatives of each case, those with the largest errors: by "
               "backward, by differences, and the error")
      .whole_number(0);
  c.add_examples({"excite-double gradcheck", "excite-double gradcheck conv2d se_resnet20",
                  "excite-double gradcheck softmax --table 10"});
  c.on_call([=, &run] { run = [=] { return gradcheck(*o); }; });
}

}  // namespace excite
