// excite plot: draws loss and accuracy of training runs, epoch by epoch, as an SVG image.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "core/check.h"
#include "core/files/atomic_file.h"
#include "tools/commands/commands.h"
#include "tools/commands/help_format.h"
#include "tools/commands/output.h"
#include "tools/commands/shared_options.h"
#include "tools/commands/svg.h"
#include "tools/training/log.h"

namespace excite {

namespace {

struct PlottedRun {
  std::string name;
  std::vector<EpochRow> rows;
  std::string color;
};

struct Panel {
  std::string title;
  double left, top, width, height;  // of the frame, in pixels
  double max_value, tick_step;      // the value at the top; the distance between two grid lines
  std::string unit;
  std::function<double(const EpochRow&)> train;
  std::function<double(const SetResult&)> held_out;  // validation and test
};

enum class PlottedSet { training, validation, test };
struct SetStyle {
  PlottedSet set;
  const char *name, *dashes;
};
constexpr SetStyle set_styles[] = {
    {PlottedSet::training, "training set", " stroke-dasharray=\"5 4\""},
    {PlottedSet::validation, "validation set", " stroke-dasharray=\"1 3\""},
    {PlottedSet::test, "test set", ""}};

std::optional<double> value_of(const Panel& p, const EpochRow& row, PlottedSet set) {
  if (set == PlottedSet::training) return p.train(row);
  const std::optional<SetResult>& result = set == PlottedSet::test ? row.test : row.validation;
  if (!result) return {};
  return p.held_out(*result);
}

// The smallest of ..., 0.1, 0.2, 0.5, 1, 2, 5, 10, ... that divides `range` into at most
// `max_ticks`.
double round_step(double range, double max_ticks) {
  const double power = std::pow(10, std::floor(std::log10(range / max_ticks)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (range <= max_ticks * factor * power) return factor * power;
  return 10 * power;
}

double x_of(const Panel& p, long epoch, long last_epoch) {
  return p.left + p.width * static_cast<double>(epoch) / static_cast<double>(last_epoch);
}
double y_of(const Panel& p, double value) { return p.top + p.height * (1 - value / p.max_value); }

std::string axes(const Panel& p, long last_epoch) {
  std::string drawn = svg::label(p.left + p.width / 2, p.top - 14, "middle", p.title);
  for (double value = 0; value < p.max_value * 1.001; value += p.tick_step) {
    drawn += svg::line(p.left, y_of(p, value), p.left + p.width, y_of(p, value),
                       " stroke-opacity=\"0.3\"");
    drawn += svg::label(p.left - 6, y_of(p, value) + 4, "end", text(value, p.unit));
  }
  const long every = std::lround(std::max(1.0, round_step(static_cast<double>(last_epoch), 10)));
  for (long epoch = 0; epoch <= last_epoch; epoch += every) {
    drawn += svg::line(x_of(p, epoch, last_epoch), p.top + p.height, x_of(p, epoch, last_epoch),
                       p.top + p.height + 4, "");
    drawn += svg::label(x_of(p, epoch, last_epoch), p.top + p.height + 18, "middle", text(epoch));
  }
  drawn += svg::line(p.left, p.top, p.left, p.top + p.height, "");
  drawn += svg::line(p.left, p.top + p.height, p.left + p.width, p.top + p.height, "");
  return drawn + svg::label(p.left + p.width / 2, p.top + p.height + 36, "middle", "epoch");
}

// With one dot per epoch. Values above the frame are drawn on its upper edge.
std::string curve(const Panel& p, const PlottedRun& run, long last_epoch, const SetStyle& style) {
  std::string points, dots;
  for (const EpochRow& row : run.rows) {
    const std::optional<double> value = value_of(p, row, style.set);
    if (!value) continue;
    const double x = x_of(p, row.epoch, last_epoch),
                 y = y_of(p, std::clamp(*value, 0.0, p.max_value));
    points += (points.empty() ? "" : " ") + svg::tenths(x) + "," + svg::tenths(y);
    dots += svg::circle(x, y, 2.5, run.color);
  }
  if (points.empty()) return "";
  return text("<polyline points=\"", points, "\" fill=\"none\" stroke=\"", run.color,
              "\" stroke-width=\"2\"", style.dashes, "/>\n", dots);
}

std::string image(const std::vector<PlottedRun>& runs) {
  constexpr double width = 760, frame_height = 220, legend_height = 18;
  long last_epoch = 1;
  double loss = 0;
  for (const PlottedRun& run : runs)
    for (const EpochRow& row : run.rows)
      last_epoch = std::max(last_epoch, row.epoch),
      loss = std::max({loss, row.train_loss, row.validation.value_or(SetResult{}).loss,
                       row.test.value_or(SetResult{}).loss});
  const double step = round_step(std::max(loss, 1e-6), 6);
  const Panel panels[] = {
      {"loss", 50, 40, 300, frame_height, step * std::ceil(loss / step), step, "",
       [](const EpochRow& r) { return r.train_loss; }, [](const SetResult& r) { return r.loss; }},
      {"accuracy", 440, 40, 300, frame_height, 100, 20, " %",
       [](const EpochRow& r) { return 100 * r.train_accuracy; },
       [](const SetResult& r) { return 100 * r.accuracy; }}};
  std::string body;
  for (const Panel& panel : panels) {
    body += axes(panel, last_epoch);
    for (const PlottedRun& run : runs)
      for (const SetStyle& style : set_styles) body += curve(panel, run, last_epoch, style);
  }
  double y = 40 + frame_height + 62;
  for (const PlottedRun& run : runs) {
    body += svg::label(50, y, "start", svg::escaped(run.name), run.color);
    y += legend_height;
  }
  double x = 360;
  for (const SetStyle& style : set_styles) {
    body += svg::line(x, 318, x + 30, 318, text(" stroke-width=\"2\"", style.dashes)) +
            svg::label(x + 38, 322, "start", style.name);
    x += 135;
  }
  return svg::document(width, y, body);
}

// Reads the folder of a run, or its log.csv, possibly copied under another name.
PlottedRun read_run(const std::string& path, const std::string& color) {
  std::filesystem::path log = path;
  if (std::filesystem::is_directory(log)) log /= "log.csv";
  const std::filesystem::path full = std::filesystem::absolute(log).lexically_normal();
  const std::filesystem::path name =
      full.filename() == "log.csv" ? full.parent_path().filename() : full.stem();
  return {name.string(), read_log(log), color};
}

int plot(const std::vector<std::string>& paths, const std::string& out) {
  require_extension(out, ".svg");
  std::vector<PlottedRun> runs;
  for (const std::string& path : paths)
    runs.push_back(read_run(path, svg::colors[runs.size() % std::size(svg::colors)]));
  write_text_atomically(out, image(runs));
  return 0;
}

}  // namespace

void add_plot(CLI::App& app, Run& run) {
  struct PlotOptions {
    std::vector<std::string> runs;
    std::string out;
  };
  const auto o = std::make_shared<PlotOptions>();
  CLI::App* c = app.add_subcommand("plot", "Draw loss and accuracy of training runs.");
  c->add_option("runs", o->runs, "Folders of runs, or their log.csv files; each gets a color")
      ->required()
      ->type_name("RUN");
  begin_group(*c, "Output");
  c->add_option("--out", o->out, "The .svg file to write; -: standard output")
      ->required()
      ->type_name("FILE");
  add_examples(*c, {"excite plot --out curves.svg runs/se_resnet20-1 runs/resnet20-1"});
  c->callback([=, &run] { run = [=] { return plot(o->runs, o->out); }; });
}

}  // namespace excite
