// excite roofline: the operations of a step under the limits of the machine (Williams, Waterman,
// Patterson: Roofline, CACM 52(4), 2009), drawn as an SVG image from what `excite bench --json`
// printed.
//   x = flops a byte    y = flops a second    the roof: y <= peak, y <= bandwidth x
#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/check.h"
#include "core/files/atomic_file.h"
#include "core/files/input_file.h"
#include "tools/bench/limits.h"
#include "tools/commands/commands.h"
#include "tools/commands/svg.h"

namespace excite {

namespace {

using Json = nlohmann::json;

// ---- reading ----

struct Dot {
  std::string operation;
  bool forward;
  double share;  // of the step
  double x, y;   // flops a byte, GFLOP/s
};

struct Roofline {
  std::string title;
  Limits roof;
  std::vector<Dot> dots;  // what took longest first
};
constexpr double least_share = 0.001;  // of the step: what takes less is not drawn

// All that is drawn has a logarithm, and so have quotients of two.
double positive(const Json& json, const char* key) {
  constexpr double least = 1e-12, most = 1e12;
  const double number = json.at(key).get<double>();
  require<FileError>(number >= least && number <= most, key, " is ", number,
                     ", expected a number from ", least, " to ", most);
  return number;
}

Roofline roofline_of(const Json& json) {
  const Json& limits = json.at("limits");
  Roofline r{text(json.at("model").get<std::string>(), ", ", json.at("mode").get<std::string>(),
                  ", batch ", json.at("batch").get<long>(), ", ", limits.at("threads").get<long>(),
                  limits.at("threads") == 1 ? " thread, " : " threads, ",
                  json.at("precision").get<std::string>()),
             {positive(limits, "gflop_per_second"), positive(limits, "gb_per_second")},
             {}};
  constexpr std::size_t most = 100;
  const Json& operations = json.at("operations");
  require<FileError>(operations.size() <= most, "there are ", operations.size(),
                     " operations, expected at most ", most);
  for (const Json& o : operations) {
    if (!o.contains("gflop") || positive(o, "share_of_step") < least_share)
      continue;  // no work is counted of making the batch and of the optimizer
    r.dots.push_back({o.at("operation").get<std::string>(),
                      o.at("pass").get<std::string>() == "forward", positive(o, "share_of_step"),
                      1e9 * positive(o, "gflop") / positive(o, "bytes"),
                      positive(o, "gflop_per_second")});
  }
  require<FileError>(!r.dots.empty(), "there is no operation whose work was counted");
  std::stable_sort(r.dots.begin(), r.dots.end(),
                   [](const Dot& a, const Dot& b) { return a.share > b.share; });
  return r;
}

Roofline read_roofline(const std::string& path) {
  constexpr long max_bytes = 1 << 20;
  const std::vector<std::uint8_t> bytes = read_file(path, max_bytes);
  const auto refuse = [&](const char* why) {
    throw FileError(text(path, ": not what `excite bench --json` prints: ", why));
  };
  try {
    return roofline_of(Json::parse(bytes.begin(), bytes.end()));
  } catch (const Json::exception& error) {
    refuse(error.what());
  } catch (const FileError& error) {
    refuse(error.what());
  }
  return {};
}

// ---- where things are ----

// One axis: logarithms from `first` to `last` over pixels from `begin` to `end`.
struct Axis {
  double first, last, begin, end;
  double at(double value) const {
    return begin + (end - begin) * (std::log10(value) - first) / (last - first);
  }
};

Axis axis_over(const std::vector<double>& values, double begin, double end) {
  constexpr double margin = 0.25;
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  return {std::log10(*least) - margin, std::log10(*most) + margin, begin, end};
}

std::vector<double> decades(const Axis& axis) {
  std::vector<double> values;
  for (double exponent = std::ceil(axis.first); exponent <= axis.last; exponent++)
    values.push_back(std::pow(10, exponent));
  return values;
}

constexpr double left = 64, top = 44, right = 744, bottom = 484;

struct Plane {
  Axis x, y;
};

// All dots and the roof's ridge, from which the flat part of the roof goes to the right.
Plane plane_of(const Roofline& r) {
  const double ridge = r.roof.gflops / r.roof.gbytes;
  std::vector<double> xs{ridge / 3, 3 * ridge}, ys{2 * r.roof.gflops};
  for (const Dot& dot : r.dots) xs.push_back(dot.x), ys.push_back(dot.y);
  return {axis_over(xs, left, right), axis_over(ys, bottom, top)};
}

double radius(const Dot& dot) { return std::max(2.5, 24 * std::sqrt(std::min(dot.share, 1.0))); }

struct Box {
  double left, top, right, bottom;
};

double overlap(const Box& a, const Box& b) {
  return std::max(0.0, std::min(a.right, b.right) - std::max(a.left, b.left)) *
         std::max(0.0, std::min(a.bottom, b.bottom) - std::max(a.top, b.top));
}

Box around(double x, double y, double width, double height) {
  return {x - width / 2, y - height / 2, x + width / 2, y + height / 2};
}

double covered(const Box& box, const std::vector<Box>& taken) {
  double area = 0;
  for (const Box& other : taken) area += overlap(box, other);
  return area;
}

// From a dot to the nearest point of its label; drawn only if one could not tell else.
struct Leader {
  double x1, y1, x2, y2;
  bool drawn() const { return std::hypot(x2 - x1, y2 - y1) > 6; }
};

Leader leader(double x, double y, double radius, const Box& box) {
  const double to_x = std::clamp(x, box.left, box.right), to_y = std::clamp(y, box.top, box.bottom);
  const double far = std::max(1e-9, std::hypot(to_x - x, to_y - y)),
               out = std::min(1.0, radius / far);
  return {x + out * (to_x - x), y + out * (to_y - y), to_x, to_y};
}

double crossed(const Leader& l, const std::vector<Box>& taken) {
  constexpr int points = 12, outside_of_the_dot = 3;
  double area = 0;
  for (int i = outside_of_the_dot; l.drawn() && i <= points; i++)
    area += covered(
        around(l.x1 + (l.x2 - l.x1) * i / points, l.y1 + (l.y2 - l.y1) * i / points, 1, 1), taken);
  return area;
}

// Of the places around a dot, nearer ones first, that which covers the least of what is there
// already. Rounding alone decides nothing: the image has to be the same whatever compiler built
// this.
constexpr double noticeable = 0.01;
Box place_beside(double x, double y, double radius, double width, double height,
                 const std::vector<Box>& taken) {
  constexpr int directions = 16;
  constexpr double gap = 3;
  Box best{};
  double least = 1e300;
  for (const double farther : {0., 8., 16., 24., 34., 46., 60., 80., 100., 125., 150.})
    for (int i = 0; i < directions; i++) {
      const double angle = 2 * M_PI * i / directions, d = radius + gap + farther;
      const Box box = around(x + std::cos(angle) * (d + width / 2),
                             y + std::sin(angle) * (d + height / 2), width, height);
      const double outside =
          width * height - overlap(box, {left + 2, top + 2, right - 2, bottom - 2});
      const double cost = farther + 100 * (covered(box, taken) + outside) +
                          50 * crossed(leader(x, y, radius, box), taken);
      if (cost < least - noticeable) least = cost, best = box;
    }
  return best;
}

// ---- drawing ----

std::string axes(const Plane& p, const std::string& title) {
  std::string drawn = svg::label((left + right) / 2, 16, "middle", svg::escaped(title));
  for (const double value : decades(p.x)) {
    const double x = p.x.at(value);
    drawn += svg::line(x, top, x, bottom, " stroke-opacity=\"0.3\"") +
             svg::label(x, bottom + 18, "middle", text(value));
  }
  for (const double value : decades(p.y)) {
    const double y = p.y.at(value);
    drawn += svg::line(left, y, right, y, " stroke-opacity=\"0.3\"") +
             svg::label(left - 6, y + 4, "end", text(value));
  }
  drawn += svg::line(left, top, left, bottom, "") + svg::line(left, bottom, right, bottom, "");
  return drawn + svg::label((left + right) / 2, bottom + 36, "middle", "flop / byte") +
         svg::label(left, top - 10, "middle", "GFLOP/s");
}

constexpr double letter = 7.5;  // as wide as one is, on the average

// The sloping limit's words, along it at the place where they cover the least.
std::string words_along(double x1, double y1, double x2, double y2, const std::string& words,
                        std::vector<Box>& taken) {
  constexpr double above = 8;
  const double angle = std::atan2(y2 - y1, x2 - x1),
               half = letter * static_cast<double>(words.size()) / 2;
  double x = 0, y = 0, least = 1e300;
  std::vector<Box> best;
  for (const double part : {0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.2}) {
    const double at_x = x1 + part * (x2 - x1) + above * std::sin(angle),
                 at_y = y1 + part * (y2 - y1) - above * std::cos(angle);
    std::vector<Box> boxes;
    double cost = 0;
    for (double d = -half; d <= half; d += 6)
      boxes.push_back(around(at_x + d * std::cos(angle), at_y + d * std::sin(angle), 12, 14));
    for (const Box& box : boxes) cost += covered(box, taken);
    if (cost < least - noticeable) least = cost, x = at_x, y = at_y, best = boxes;
  }
  taken.insert(taken.end(), best.begin(), best.end());
  const std::string degrees = svg::tenths(angle * 180 / M_PI);
  return svg::label(
      x, y, "middle", words, svg::grey,
      text(" transform=\"rotate(", degrees, " ", svg::tenths(x), " ", svg::tenths(y), ")\""));
}

// What the limits allow, with both written along it.
std::string roof(const Plane& p, const Limits& limits, std::vector<Box>& taken) {
  const double ridge = p.x.at(limits.gflops / limits.gbytes), peak = p.y.at(limits.gflops);
  const double lowest =
      std::max(std::pow(10, p.x.first),
               std::pow(10, p.y.first) / limits.gbytes);  // flops a byte where the slope enters
  const double x = p.x.at(lowest), y = p.y.at(lowest * limits.gbytes),
               slope = (peak - y) / (ridge - x);
  const auto rounded = [](double limit) {
    return limit < 10 ? svg::tenths(limit) : text(std::lround(limit));
  };
  const std::string compute = text("multiply-adds ", rounded(limits.gflops), " GFLOP/s"),
                    memory = text("memory ", rounded(limits.gbytes), " GB/s");

  std::string drawn =
      svg::line(x, y, ridge, peak, " stroke-width=\"2.5\" stroke-linecap=\"round\"") +
      svg::line(ridge, peak, right, peak, " stroke-width=\"2.5\" stroke-linecap=\"round\"");
  drawn += words_along(x, y, ridge, peak, memory, taken);
  const double width = letter * static_cast<double>(compute.size()),
               begin = std::min(ridge + 6, right - width);
  drawn += svg::label(begin, peak - 8, "start", compute);
  taken.push_back({begin, peak - 22, begin + width, peak - 4});
  constexpr double step = 4, room = 6;
  for (double at = x; at < right; at += step)
    taken.push_back(around(at, at < ridge ? y + slope * (at - x) : peak, step, room));
  return drawn;
}

const char* color(bool forward) { return svg::colors[forward ? 0 : 1]; }

std::string dots(const Plane& p, const std::vector<Dot>& all, std::vector<Box>& taken) {
  std::string drawn;
  for (const Dot& dot : all) {
    drawn += svg::circle(p.x.at(dot.x), p.y.at(dot.y), radius(dot), color(dot.forward),
                         " fill-opacity=\"0.75\"");
    taken.push_back(around(p.x.at(dot.x), p.y.at(dot.y), 2 * radius(dot), 2 * radius(dot)));
  }
  return drawn;
}

std::string names(const Plane& p, const std::vector<Dot>& all, std::vector<Box>& taken) {
  constexpr double small_letter = 6.6, height = 14;
  std::string drawn;
  for (const Dot& dot : all) {
    const double x = p.x.at(dot.x), y = p.y.at(dot.y);
    const std::string words =
        dot.operation + (dot.share >= 0.01 ? text(" ", std::lround(100 * dot.share), " %") : "");
    const Box box = place_beside(x, y, radius(dot),
                                 small_letter * static_cast<double>(words.size()), height, taken);
    taken.push_back(box);
    const Leader l = leader(x, y, radius(dot), box);
    if (l.drawn()) drawn += svg::line(l.x1, l.y1, l.x2, l.y2, " stroke-opacity=\"0.6\"");
    drawn += svg::label((box.left + box.right) / 2, box.bottom - 3, "middle", svg::escaped(words),
                        color(dot.forward), " font-size=\"12\"");
  }
  return drawn;
}

std::string image(const Roofline& r) {
  const Plane plane = plane_of(r);
  std::vector<Box> taken;
  std::string body = axes(plane, r.title);
  const std::string circles =
      dots(plane, r.dots, taken);  // first, so that no words are put over them; drawn over the roof
  body += roof(plane, r.roof, taken) + circles;
  body += names(plane, r.dots, taken);
  constexpr double y = bottom + 60;
  body += svg::circle(left + 6, y - 4, 6, color(true)) +
          svg::label(left + 18, y, "start", "forward", color(true));
  body += svg::circle(left + 96, y - 4, 6, color(false)) +
          svg::label(left + 108, y, "start", "backward", color(false));
  body += svg::label(right, y, "end",
                     "a dot&#8217;s area is its share of the step; not drawn: below 0.1 %");
  return svg::document(760, y + 16, body);
}

}  // namespace

void add_roofline(CLI::App& app, Run& run) {
  struct RooflineOptions {
    std::string bench, out;
  };
  const auto o = std::make_shared<RooflineOptions>();
  CLI::App* c = app.add_subcommand(
      "roofline",
      "draws the operations of a step under the limits of the machine, as an SVG image");
  c->add_option("bench", o->bench, "what `excite bench --json` printed")
      ->required()
      ->default_str("");
  c->add_option("--out", o->out, "the image, a .svg file")->required();
  c->footer(
      "Example: excite bench --json >bench.json && excite roofline bench.json --out roofline.svg");
  c->callback([=, &run] {
    run = [=] {
      write_text_atomically(o->out, image(read_roofline(o->bench)));
      return 0;
    };
  });
}

}  // namespace excite
