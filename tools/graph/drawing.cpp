#include "tools/graph/drawing.h"

#include <algorithm>

#include "core/check.h"
#include "tools/commands/svg.h"
#include "tools/graph/dot.h"

namespace excite {

namespace {

constexpr double box_width = 190, line_height = 15, row_gap = 26, column_gap = 20, lane_width = 9;

struct Place {
  long row = 0, column = 0;
  double x = 0, y = 0, height = 0;  // of the box
  double center() const { return x + box_width / 2; }
  double bottom() const { return y + height; }
};

std::vector<Place> rows_and_columns(const std::vector<GraphNode>& graph) {
  std::vector<Place> places(graph.size());
  std::vector<long> row_of_use(graph.size(), -1);  // inputs stand right above their first use
  for (std::size_t i = 0; i < graph.size(); i++)
    for (const long input : graph[i].inputs)
      places[i].row = std::max(places[i].row, places[static_cast<std::size_t>(input)].row + 1);
  for (std::size_t i = graph.size(); i-- > 0;)
    for (const long input : graph[i].inputs)
      row_of_use[static_cast<std::size_t>(input)] = places[i].row;
  std::vector<long> columns;
  for (std::size_t i = 0; i < graph.size(); i++) {
    Place& place = places[i];
    if (graph[i].inputs.empty()) place.row = std::max(0l, row_of_use[i] - 1);
    if (std::ssize(columns) <= place.row) columns.resize(static_cast<std::size_t>(place.row) + 1);
    place.column = columns[static_cast<std::size_t>(place.row)]++;
  }
  return places;
}

std::vector<Place> place(const std::vector<GraphNode>& graph) {
  std::vector<Place> places = rows_and_columns(graph);
  std::vector<double> heights;
  for (std::size_t i = 0; i < graph.size(); i++) {
    Place& p = places[i];
    p.height = static_cast<double>(node_lines(graph[i]).size()) * line_height + 10;
    if (std::ssize(heights) <= p.row) heights.resize(static_cast<std::size_t>(p.row) + 1);
    double& height = heights[static_cast<std::size_t>(p.row)];
    height = std::max(height, p.height);
  }
  for (Place& p : places) {
    p.x = 10 + static_cast<double>(p.column) * (box_width + column_gap);
    p.y = 10;
    for (long row = 0; row < p.row; row++) p.y += heights[static_cast<std::size_t>(row)] + row_gap;
  }
  return places;
}

Markup box(const GraphNode& node, const Place& p) {
  const bool is_leaf = node.inputs.empty();
  Markup all = empty_element("rect", {{"x", svg::tenths(p.x)},
                                      {"y", svg::tenths(p.y)},
                                      {"width", svg::tenths(box_width)},
                                      {"height", svg::tenths(p.height)},
                                      {"rx", is_leaf ? "12" : "3"},
                                      {"fill", "none"},
                                      {"stroke", is_leaf ? svg::colors[1] : svg::colors[0]}});
  double y = p.y + line_height + 2;
  for (const std::string& line : node_lines(node)) {
    all += svg::label(p.center(), y, "middle", line);
    y += line_height;
  }
  return all;
}

// From the bottom of one box to the top of the other; straight to the next row, else on a lane.
Markup arrow(const Place& from, const Place& to, double lane) {
  const double begin = from.bottom(), end = to.y - 6;
  std::string path = text("M", svg::tenths(from.center()), " ", svg::tenths(begin));
  if (to.row == from.row + 1)
    path += text("L", svg::tenths(to.center()), " ", svg::tenths(end));
  else
    path +=
        text("C", svg::tenths(from.center()), " ", svg::tenths(begin + row_gap), " ",
             svg::tenths(lane), " ", svg::tenths(begin), " ", svg::tenths(lane), " ",
             svg::tenths(begin + row_gap), "L", svg::tenths(lane), " ", svg::tenths(end - row_gap),
             "C", svg::tenths(lane), " ", svg::tenths(end), " ", svg::tenths(to.center()), " ",
             svg::tenths(end - row_gap), " ", svg::tenths(to.center()), " ", svg::tenths(end));
  const std::string x = svg::tenths(to.center()), y = svg::tenths(end + 6),
                    left = svg::tenths(to.center() - 3), right = svg::tenths(to.center() + 3),
                    base = svg::tenths(end);
  return empty_element("path", {{"d", path}, {"fill", "none"}, {"stroke", svg::gray}}) +
         empty_element(
             "path", {{"d", text("M", x, " ", y, "L", left, " ", base, "L", right, " ", base, "Z")},
                      {"fill", svg::gray}}) +
         Markup::line_break();
}

}  // namespace

std::string draw_graph(const std::vector<GraphNode>& graph) {
  const std::vector<Place> places = place(graph);
  double width = 0, height = 0;
  for (const Place& p : places) {
    width = std::max(width, p.x + box_width);
    height = std::max(height, p.bottom());
  }
  Markup body;
  long lanes = 0, last_row = -1;
  for (std::size_t i = 0; i < graph.size(); i++) {
    for (const long input : graph[i].inputs) {
      const Place& from = places[static_cast<std::size_t>(input)];
      const bool is_long = places[i].row > from.row + 1;
      if (is_long && from.row >= last_row) lanes = 0;  // the arrows before have ended
      if (is_long) lanes++, last_row = std::max(last_row, places[i].row);
      body += arrow(from, places[i], width + static_cast<double>(lanes) * lane_width);
    }
    body += box(graph[i], places[i]);
  }
  return svg::document(width + 60, height + 10, body);
}

}  // namespace excite
