#include "tools/report/gates_drawing.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "tools/commands/svg.h"
#include "tools/data/csv.h"

namespace excite {

namespace {

constexpr double panel_width = 300, panel_height = 130, left = 44, top = 34, gap_x = 76, gap_y = 64;
constexpr long columns = 2, max_points = 128;

// Of the gates at the top and the bottom of a panel.
struct Range {
  double low = 0, high = 1;
};

struct Panel {
  double x, y;
  Range range;
  long channels;
  double x_of(long channel) const {
    return x + panel_width * (static_cast<double>(channel) + 0.5) / static_cast<double>(channels);
  }
  double y_of(double gate) const {
    return y + panel_height * (range.high - gate) / (range.high - range.low);
  }
};

// Gates of a sigmoid are from 0 to 1; of other activations they can be any numbers.
Range range_of(const GateStatistics& gates, const std::vector<long>& drawn) {
  Range range;
  for (long c = 0; c < gates.channels(); c++)
    for (const long label : drawn) {
      range.low = std::min(range.low, std::floor(gates.mean(label, c)));
      range.high = std::max(range.high, std::ceil(gates.mean(label, c)));
    }
  return range;
}

Markup frame(const Panel& p, const std::string& title) {
  Markup drawn = svg::label(p.x, p.y - 8, "start", title);
  for (const double gate : {p.range.low, (p.range.low + p.range.high) / 2, p.range.high}) {
    drawn +=
        svg::line(p.x, p.y_of(gate), p.x + panel_width, p.y_of(gate), {{"stroke-opacity", "0.3"}});
    drawn += svg::label(p.x - 6, p.y_of(gate) + 4, "end", text(gate));
  }
  return drawn + svg::label(p.x + panel_width / 2, p.y + panel_height + 18, "middle",
                            text("channel 0 to ", p.channels - 1));
}

// In wide blocks some channels are left out, evenly.
template <class Mean>
Markup curve(const Panel& p, const std::string& color, double width, const Mean& mean_of) {
  std::string points;
  const long step = (p.channels + max_points - 1) / max_points;
  for (long c = 0; c < p.channels; c += step)
    points += text(points.empty() ? "" : " ", svg::tenths(p.x_of(c)), ",",
                   svg::tenths(p.y_of(mean_of(c))));
  return empty_element("polyline", {{"points", points},
                                    {"fill", "none"},
                                    {"stroke", color},
                                    {"stroke-width", svg::tenths(width)}}) +
         Markup::line_break();
}

const char* color_of(std::size_t line) { return svg::colors[line % std::size(svg::colors)]; }

}  // namespace

std::vector<long> classes_to_draw(const GateStatistics& gates) {
  std::vector<long> drawn;
  for (long label = 0; label < gates.classes() && drawn.size() < 5; label++)
    if (gates.images(label) > 0) drawn.push_back(label);
  return drawn;
}

Markup draw_gates(const std::vector<GateStatistics>& blocks,
                  const std::vector<std::string>& classes, const std::vector<long>& drawn) {
  Markup body;
  double x = left;
  for (std::size_t i = 0; i < drawn.size(); i++) {
    body += svg::label(x, 14, "start", classes[drawn[i]], color_of(i));
    x += 24 + 7.5 * static_cast<double>(classes[drawn[i]].size());
  }
  body += svg::label(x, 14, "start", "all images (thick)");
  long index = 0;
  for (const GateStatistics& gates : blocks) {
    const Panel p{left + static_cast<double>(index % columns) * (panel_width + gap_x),
                  top + 24 + static_cast<double>(index / columns) * (panel_height + gap_y),
                  range_of(gates, drawn), gates.channels()};
    body += frame(p, gates.block());
    body += curve(p, svg::gray, 4, [&](long c) { return gates.mean(c); });
    for (std::size_t i = 0; i < drawn.size(); i++)
      body += curve(p, color_of(i), 1.5, [&](long c) { return gates.mean(drawn[i], c); });
    index++;
  }
  const double rows = static_cast<double>((index + columns - 1) / columns);
  return svg::drawing(left + 2 * panel_width + gap_x + 10, top + 24 + rows * (panel_height + gap_y),
                      body);
}

void write_gates_head(FileWriter& out) { out.write("block,channel,class,images,mean,deviation\n"); }

void write_gates(FileWriter& out, const GateStatistics& gates,
                 const std::vector<std::string>& classes) {
  for (long c = 0; c < gates.channels(); c++) {
    const auto row = [&](const std::string& name, long images, double mean, double deviation) {
      out.write(text(gates.block(), ",", c, ",", csv_field(name), ",", images, ",", mean, ",",
                     deviation, "\n"));
    };
    for (long label = 0; label < gates.classes(); label++)
      row(classes[label], gates.images(label), gates.mean(label, c), gates.deviation(label, c));
    row("all", gates.images(), gates.mean(c), gates.deviation(c));
  }
}

void write_gates_of_image(FileWriter& out, const std::string& block, const std::string& image,
                          const Tensor& gates) {
  for (long c = 0; c < gates.size(); c++)
    out.write(text(block, ",", c, ",", csv_field(image), ",1,", gates[c], ",0\n"));
}

}  // namespace excite
