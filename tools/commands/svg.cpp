#include "tools/commands/svg.h"

#include <cmath>
#include <cstdio>

#include "core/check.h"
#include "core/text.h"

namespace excite::svg {

// Halves are rounded up, also those that rounding made a little smaller: compilers differ in the
// last bit, and drawings must not.
std::string tenths(double number) {
  char digits[40];
  std::snprintf(digits, sizeof digits, "%.1f", std::floor(number * 10 + 0.5 + 1e-6) / 10);
  return digits;
}

namespace {

MarkupAttributes joined(MarkupAttributes first, const MarkupAttributes& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

Markup on_a_line(const Markup& element) { return element + Markup::line_break(); }

}  // namespace

Markup label(double x, double y, const std::string& anchor, const Markup& words,
             const std::string& color, const MarkupAttributes& more) {
  const MarkupAttributes all{
      {"x", tenths(x)}, {"y", tenths(y)}, {"text-anchor", anchor}, {"fill", color}};
  return on_a_line(element("text", joined(all, more), words));
}

Markup line(double x1, double y1, double x2, double y2, const MarkupAttributes& more) {
  const std::string path = text("M", tenths(x1), " ", tenths(y1), "L", tenths(x2), " ", tenths(y2));
  return on_a_line(empty_element("path", joined({{"d", path}, {"stroke", gray}}, more)));
}

Markup circle(double x, double y, double radius, const std::string& color,
              const MarkupAttributes& more) {
  const MarkupAttributes all{
      {"cx", tenths(x)}, {"cy", tenths(y)}, {"r", tenths(radius)}, {"fill", color}};
  return on_a_line(empty_element("circle", joined(all, more)));
}

Markup drawing(double width, double height, const Markup& body) {
  const MarkupAttributes all{{"xmlns", "http://www.w3.org/2000/svg"},
                             {"viewBox", text("0 0 ", width, " ", height)},
                             {"width", text(width)},
                             {"height", text(height)},
                             {"font-family", "sans-serif"},
                             {"font-size", "13"}};
  return on_a_line(element("svg", all, Markup::line_break() + body));
}

std::string document(double width, double height, const Markup& body) {
  return drawing(width, height, body).xml();
}

}  // namespace excite::svg
