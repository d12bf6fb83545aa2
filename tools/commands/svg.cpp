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

std::string escaped(const std::string& words) {
  std::string xml;
  for (const char c : printable(words))
    xml += c == '&'   ? "&amp;"
           : c == '<' ? "&lt;"
           : c == '>' ? "&gt;"
           : c == '"' ? "&quot;"
                      : std::string(1, c);
  return xml;
}

std::string label(double x, double y, const std::string& anchor, const std::string& words,
                  const std::string& color, const std::string& style) {
  return text("<text x=\"", tenths(x), "\" y=\"", tenths(y), "\" text-anchor=\"", anchor,
              "\" fill=\"", color, "\"", style, ">", words, "</text>\n");
}

std::string line(double x1, double y1, double x2, double y2, const std::string& style) {
  return text("<path d=\"M", tenths(x1), " ", tenths(y1), "L", tenths(x2), " ", tenths(y2),
              "\" stroke=\"", gray, "\"", style, "/>\n");
}

std::string circle(double x, double y, double radius, const std::string& color,
                   const std::string& style) {
  return text("<circle cx=\"", tenths(x), "\" cy=\"", tenths(y), "\" r=\"", tenths(radius),
              "\" fill=\"", color, "\"", style, "/>\n");
}

std::string document(double width, double height, const std::string& body) {
  return text("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ", width, " ", height,
              "\" width=\"", width, "\" height=\"", height,
              "\" font-family=\"sans-serif\" font-size=\"13\">\n", body, "</svg>\n");
}

}  // namespace excite::svg
