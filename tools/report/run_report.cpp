#include "tools/report/run_report.h"

#include <filesystem>
#include <numeric>

#include "core/check.h"
#include "core/files/atomic_file.h"
#include "core/files/input_file.h"
#include "core/text.h"
#include "tools/commands/curves.h"
#include "tools/commands/svg.h"
#include "tools/data/load.h"
#include "tools/report/measure_gates.h"
#include "tools/report/page.h"
#include "tools/report/sections.h"

namespace excite {

namespace {

std::string name_of_folder(const std::string& folder) {
  const std::filesystem::path path = std::filesystem::absolute(folder).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

// Evenly spaced images, at most `count`.
Dataset some_of(const Dataset& data, long count) {
  std::vector<long> left_out;
  for (long i = 0; i < data.count(); i++)
    if (i * count / data.count() == (i + 1) * count / data.count()) left_out.push_back(i);
  return data.count() <= count ? data : leave_out(data, left_out);
}

std::string text_of(const std::string& path) {
  constexpr long max_bytes = 1 << 20;
  const std::vector<std::uint8_t> bytes = read_file(path, max_bytes);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

ReportedRun read_reported_run(const std::string& folder) {
  constexpr long max_gate_images = 2000;
  const std::string config = folder + "/config.json", weights = folder + "/last.safetensors";
  RunConfig c = read_config(config);
  std::vector<EpochRow> log = read_log(folder + "/log.csv");
  TrainedModel trained = load_model(SafetensorsFile(weights));
  Dataset data = load_data_to_judge(c.data, c.recipe.validation, c.on_bad_image, c.exif);
  if (c.recipe.limit > 0) data = keep_first(std::move(data), c.recipe.limit);
  require<FileError>(data.class_count() == trained.model.classes, c.data, ": has ",
                     data.class_count(), " classes, expected the ", trained.model.classes, " of ",
                     weights);
  LoadedEnsemble one{.trained = {}, .weights = {1}};
  one.trained.push_back(trained);
  Evaluation evaluation = evaluate_images(one.ensemble(Weights::constant), data);
  std::vector<GateStatistics> gates = measure_gates(trained, some_of(data, max_gate_images));
  return {name_of_folder(folder), folder,
          std::move(c),           text_of(config),
          std::move(log),         std::move(trained),
          std::move(data),        std::move(evaluation),
          std::move(gates)};
}

namespace {

Markup comparison(const std::vector<ReportedRun>& runs) {
  std::vector<std::vector<Markup>> rows;
  for (const ReportedRun& run : runs) {
    const Metrics& m = run.evaluation.metrics;
    double seconds = 0;
    for (const EpochRow& row : run.log) seconds += row.seconds;
    rows.push_back({Markup(run.name), run.config.recipe.model, text(run.log.size()),
                    decimal(100 * m.top1(), 2) + " %", decimal(m.loss(), 4),
                    decimal(100 * calibration_error(reliability(run.evaluation.images)), 1) + " %",
                    text(std::lround(seconds), " s")});
  }
  return section(
      "runs", runs.size() > 1 ? "Runs" : "Result",
      table({"run", "model", "epochs", "test accuracy", "test loss", "calibration error", "time"},
            rows));
}

Markup curves(const std::vector<ReportedRun>& runs) {
  std::vector<PlottedRun> plotted;
  for (const ReportedRun& run : runs)
    plotted.push_back({run.name, run.log, svg::colors[plotted.size() % std::size(svg::colors)]});
  return section("curves", "Curves", draw_curves(plotted) + draw_rates(plotted));
}

Markup sections_of(const ReportedRun& run, const std::string& prefix, ImageBudget budget) {
  // The galleries first: what is left of the budget goes to the cells of the confusion matrix.
  const Markup mistakes = mistakes_section(run, prefix, budget);
  Markup all = confusion_section(run, prefix, budget);
  all += classes_section(run, prefix) + calibration_section(run, prefix) + mistakes;
  return all + gates_section(run, prefix) + recipe_section(run, prefix);
}

}  // namespace

std::string report_page(const std::vector<ReportedRun>& runs) {
  require(!runs.empty(), "report: there is no run, expected at least one");
  constexpr long image_bytes = 2'000'000;
  const std::string title = runs.size() == 1 ? runs.front().name : text(runs.size(), " runs");
  Markup body = element("h1", {}, title);
  if (runs.size() == 1) body += recipe_sentence(runs.front());
  body += comparison(runs) + curves(runs);
  for (std::size_t i = 0; i < runs.size(); i++) {
    const bool single = runs.size() == 1;
    const std::string prefix = single ? "" : text("run", i + 1, "-");
    if (!single) body += element("h1", {}, runs[i].name) + recipe_sentence(runs[i]);
    body += sections_of(runs[i], prefix, {image_bytes / std::ssize(runs)});
  }
  return page(title, body);
}

std::string write_report(const std::string& folder) {
  const std::string path = folder + "/report.html";
  write_text_atomically(path, report_page({read_reported_run(folder)}));
  return path;
}

}  // namespace excite
