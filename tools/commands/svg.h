// The SVG elements of our drawings. They have no background, so the colors are chosen to be visible
// on white and on black.
#pragma once
#include <string>

namespace excite::svg {

constexpr const char* colors[] = {"#2f8fd0", "#e0702c", "#3aa655", "#b063c5", "#c9a227", "#d64550"};
constexpr const char* gray = "#808080";

std::string tenths(double number);              // "12.3"; halves are rounded up: 0.25 is "0.3"
std::string escaped(const std::string& words);  // for XML, of what is printable (core/text.h)

// `words` are XML already. `anchor`: the part of the words that is at x: start, middle or end.
// `style`: further attributes, each after a space.
std::string label(double x, double y, const std::string& anchor, const std::string& words,
                  const std::string& color = gray, const std::string& style = "");
std::string line(double x1, double y1, double x2, double y2, const std::string& style);
std::string circle(double x, double y, double radius, const std::string& color,
                   const std::string& style = "");
std::string document(double width, double height, const std::string& body);  // the whole file

}  // namespace excite::svg
