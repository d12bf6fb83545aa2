// excite plot: loss and accuracy of training runs over their epochs, drawn as an SVG image.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>

#include "core/check.h"
#include "core/files/atomic_file.h"
#include "tools/commands/commands.h"
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
  double highest, step;             // the value at its top; the distance of two lines
  std::string unit;
  std::function<double(const EpochRow&)> train, test;
};

// The first of ..., 0.1, 0.2, 0.5, 1, 2, 5, 10, ... of which `range` holds no more than `most`.
double tick_step(double range, double most) {
  const double power = std::pow(10, std::floor(std::log10(range / most)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (range <= most * factor * power) return factor * power;
  return 10 * power;
}

double x_of(const Panel& p, long epoch, long last) {
  return p.left + p.width * static_cast<double>(epoch) / static_cast<double>(last);
}
double y_of(const Panel& p, double value) { return p.top + p.height * (1 - value / p.highest); }

std::string axes(const Panel& p, long last) {
  std::string drawn = svg::label(p.left + p.width / 2, p.top - 14, "middle", p.title);
  for (double value = 0; value < p.highest * 1.001; value += p.step) {
    drawn += svg::line(p.left, y_of(p, value), p.left + p.width, y_of(p, value),
                       " stroke-opacity=\"0.3\"");
    drawn += svg::label(p.left - 6, y_of(p, value) + 4, "end", text(value, p.unit));
  }
  const long every = std::lround(std::max(1.0, tick_step(static_cast<double>(last), 10)));
  for (long epoch = 0; epoch <= last; epoch += every) {
    drawn += svg::line(x_of(p, epoch, last), p.top + p.height, x_of(p, epoch, last),
                       p.top + p.height + 4, "");
    drawn += svg::label(x_of(p, epoch, last), p.top + p.height + 18, "middle", text(epoch));
  }
  drawn += svg::line(p.left, p.top, p.left, p.top + p.height, "");
  drawn += svg::line(p.left, p.top + p.height, p.left + p.width, p.top + p.height, "");
  return drawn + svg::label(p.left + p.width / 2, p.top + p.height + 36, "middle", "epoch");
}

// Solid for the test set, dashed for the training set; a dot an epoch. What is above the frame is
// drawn on its upper edge.
std::string curve(const Panel& p, const PlottedRun& run, long last, bool on_test) {
  std::string points, dots;
  for (const EpochRow& row : run.rows) {
    const double x = x_of(p, row.epoch, last),
                 y = y_of(p, std::clamp((on_test ? p.test : p.train)(row), 0.0, p.highest));
    points += (points.empty() ? "" : " ") + svg::tenths(x) + "," + svg::tenths(y);
    dots += svg::circle(x, y, 2.5, run.color);
  }
  const std::string dashes = on_test ? "" : " stroke-dasharray=\"5 4\"";
  return text("<polyline points=\"", points, "\" fill=\"none\" stroke=\"", run.color,
              "\" stroke-width=\"2\"", dashes, "/>\n", dots);
}

std::string image(const std::vector<PlottedRun>& runs) {
  constexpr double width = 760, frame_height = 220, legend_line = 18;
  long last = 1;
  double loss = 0;
  for (const PlottedRun& run : runs)
    for (const EpochRow& row : run.rows)
      last = std::max(last, row.epoch), loss = std::max({loss, row.train_loss, row.test_loss});
  const double step = tick_step(std::max(loss, 1e-6), 6);
  const Panel panels[] = {{"loss", 50, 40, 300, frame_height, step * std::ceil(loss / step), step,
                           "", [](const EpochRow& r) { return r.train_loss; },
                           [](const EpochRow& r) { return r.test_loss; }},
                          {"accuracy", 440, 40, 300, frame_height, 100, 20, " %",
                           [](const EpochRow& r) { return 100 * r.train_accuracy; },
                           [](const EpochRow& r) { return 100 * r.test_accuracy; }}};
  std::string body;
  for (const Panel& panel : panels) {
    body += axes(panel, last);
    for (const PlottedRun& run : runs)
      body += curve(panel, run, last, false) + curve(panel, run, last, true);
  }
  double y = 40 + frame_height + 62;
  for (const PlottedRun& run : runs) {
    body += svg::label(50, y, "start", svg::escaped(run.name), run.color);
    y += legend_line;
  }
  body += svg::line(440, 318, 470, 318, " stroke-width=\"2\" stroke-dasharray=\"5 4\"") +
          svg::label(478, 322, "start", "training set");
  body += svg::line(590, 318, 620, 318, " stroke-width=\"2\"") +
          svg::label(628, 322, "start", "test set");
  return svg::document(width, y, body);
}

// A run's folder, its log, or a copy of that under another name.
PlottedRun read_run(const std::string& path, const std::string& color) {
  std::filesystem::path log = path;
  if (std::filesystem::is_directory(log)) log /= "log.csv";
  const std::filesystem::path whole = std::filesystem::absolute(log).lexically_normal();
  const std::filesystem::path name =
      whole.filename() == "log.csv" ? whole.parent_path().filename() : whole.stem();
  return {name.string(), read_log(log), color};
}

int plot(const std::vector<std::string>& paths, const std::string& out) {
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
  CLI::App* c = app.add_subcommand(
      "plot", "draws loss and accuracy of training runs, epoch by epoch, as an SVG image");
  c->add_option("runs", o->runs, "folders of runs, or log.csv files out of them")
      ->required()
      ->default_str("");
  c->add_option("--out", o->out, "the image, a .svg file")->required();
  c->footer("Example: excite plot --out curve.svg runs/se_resnet20-1 runs/resnet20-1");
  c->callback([=, &run] { run = [=] { return plot(o->runs, o->out); }; });
}

}  // namespace excite
