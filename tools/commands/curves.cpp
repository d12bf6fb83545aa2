#include "tools/commands/curves.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "core/check.h"
#include "tools/commands/svg.h"

namespace excite {

double round_step(double range, double max_ticks) {
  const double power = std::pow(10, std::floor(std::log10(range / max_ticks)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (range <= max_ticks * factor * power) return factor * power;
  return 10 * power;
}

namespace {

struct Panel {
  std::string title;
  double left, top, width, height;  // of the frame, in pixels
  double max_value, tick_step;      // the value at the top; the distance between two grid lines
  std::string unit;
  std::function<double(const EpochRow&)> train;
  std::function<double(const SetResult&)> held_out;  // validation and test; may be empty
};

enum class PlottedSet { training, validation, test };
struct SetStyle {
  PlottedSet set;
  const char *name, *dashes;  // of its lines; "": solid
};
constexpr SetStyle set_styles[] = {{PlottedSet::training, "training set", "5 4"},
                                   {PlottedSet::validation, "validation set", "1 3"},
                                   {PlottedSet::test, "test set", ""}};

std::optional<double> value_of(const Panel& p, const EpochRow& row, PlottedSet set) {
  if (set == PlottedSet::training) return p.train(row);
  const std::optional<SetResult>& result = set == PlottedSet::test ? row.test : row.validation;
  if (!result || !p.held_out) return {};
  return p.held_out(*result);
}

double x_of(const Panel& p, long epoch, long last_epoch) {
  return p.left + p.width * static_cast<double>(epoch) / static_cast<double>(last_epoch);
}
double y_of(const Panel& p, double value) { return p.top + p.height * (1 - value / p.max_value); }

Markup axes(const Panel& p, long last_epoch) {
  Markup drawn = svg::label(p.left + p.width / 2, p.top - 14, "middle", p.title);
  for (double value = 0; value < p.max_value * 1.001; value += p.tick_step) {
    drawn += svg::line(p.left, y_of(p, value), p.left + p.width, y_of(p, value),
                       {{"stroke-opacity", "0.3"}});
    drawn += svg::label(p.left - 6, y_of(p, value) + 4, "end", text(value, p.unit));
  }
  const long every = std::lround(std::max(1.0, round_step(static_cast<double>(last_epoch), 10)));
  for (long epoch = 0; epoch <= last_epoch; epoch += every) {
    drawn += svg::line(x_of(p, epoch, last_epoch), p.top + p.height, x_of(p, epoch, last_epoch),
                       p.top + p.height + 4);
    drawn += svg::label(x_of(p, epoch, last_epoch), p.top + p.height + 18, "middle", text(epoch));
  }
  drawn += svg::line(p.left, p.top, p.left, p.top + p.height);
  drawn += svg::line(p.left, p.top + p.height, p.left + p.width, p.top + p.height);
  return drawn + svg::label(p.left + p.width / 2, p.top + p.height + 36, "middle", "epoch");
}

MarkupAttributes line_style(const SetStyle& style) {
  MarkupAttributes all{{"stroke-width", "2"}};
  if (*style.dashes) all.push_back({"stroke-dasharray", style.dashes});
  return all;
}

// With one dot per epoch. Values above the frame are drawn on its upper edge.
Markup curve(const Panel& p, const PlottedRun& run, long last_epoch, const SetStyle& style) {
  std::string points;
  Markup dots;
  for (const EpochRow& row : run.rows) {
    const std::optional<double> value = value_of(p, row, style.set);
    if (!value) continue;
    const double x = x_of(p, row.epoch, last_epoch),
                 y = y_of(p, std::clamp(*value, 0.0, p.max_value));
    points += (points.empty() ? "" : " ") + svg::tenths(x) + "," + svg::tenths(y);
    dots += svg::circle(x, y, 2.5, run.color);
  }
  if (points.empty()) return {};
  MarkupAttributes all{{"points", points}, {"fill", "none"}, {"stroke", run.color}};
  for (const auto& attribute : line_style(style)) all.push_back(attribute);
  return empty_element("polyline", all) + Markup::line_break() + dots;
}

constexpr double width = 760, frame_height = 220;

long last_epoch_of(const std::vector<PlottedRun>& runs) {
  long last = 1;
  for (const PlottedRun& run : runs)
    for (const EpochRow& row : run.rows) last = std::max(last, row.epoch);
  return last;
}

Markup draw_panels(const std::vector<PlottedRun>& runs, const std::vector<Panel>& panels) {
  const long last_epoch = last_epoch_of(runs);
  Markup body;
  for (const Panel& panel : panels) {
    body += axes(panel, last_epoch);
    for (const PlottedRun& run : runs)
      for (const SetStyle& style : set_styles) body += curve(panel, run, last_epoch, style);
  }
  return body;
}

// The scale of a panel is a round number of ticks.
Panel scaled(Panel panel, double largest) {
  panel.tick_step = round_step(std::max(largest, 1e-6), 6);
  panel.max_value = panel.tick_step * std::max(1.0, std::ceil(largest / panel.tick_step));
  return panel;
}

}  // namespace

Markup draw_curves(const std::vector<PlottedRun>& runs) {
  constexpr double legend_height = 18;
  double loss = 0;
  for (const PlottedRun& run : runs)
    for (const EpochRow& row : run.rows)
      loss = std::max({loss, row.train_loss, row.validation.value_or(SetResult{}).loss,
                       row.test.value_or(SetResult{}).loss});
  Markup body = draw_panels(runs, {scaled({"loss", 50, 40, 300, frame_height, 0, 0, "",
                                           [](const EpochRow& r) { return r.train_loss; },
                                           [](const SetResult& r) { return r.loss; }},
                                          loss),
                                   {"accuracy", 440, 40, 300, frame_height, 100, 20, " %",
                                    [](const EpochRow& r) { return 100 * r.train_accuracy; },
                                    [](const SetResult& r) { return 100 * r.accuracy; }}});
  double y = 40 + frame_height + 62;
  for (const PlottedRun& run : runs) {
    body += svg::label(50, y, "start", run.name, run.color);
    y += legend_height;
  }
  double x = 360;
  for (const SetStyle& style : set_styles) {
    body += svg::line(x, 318, x + 30, 318, line_style(style)) +
            svg::label(x + 38, 322, "start", style.name);
    x += 135;
  }
  return svg::drawing(width, y, body);
}

Markup draw_rates(const std::vector<PlottedRun>& runs) {
  double rate = 0, norm = 0;
  for (const PlottedRun& run : runs)
    for (const EpochRow& row : run.rows)
      rate = std::max(rate, row.learning_rate), norm = std::max(norm, row.gradient_norm);
  const Markup body =
      draw_panels(runs, {scaled({"learning rate", 50, 40, 300, frame_height, 0, 0, "",
                                 [](const EpochRow& r) { return r.learning_rate; }, nullptr},
                                rate),
                         scaled({"gradient norm", 440, 40, 300, frame_height, 0, 0, "",
                                 [](const EpochRow& r) { return r.gradient_norm; }, nullptr},
                                norm)});
  return svg::drawing(width, 40 + frame_height + 44, body);
}

}  // namespace excite
