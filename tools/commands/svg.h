// The SVG elements of our drawings. They have no background, so the colors are chosen to be visible
// on white and on black.
#pragma once
#include <string>

#include "tools/commands/markup.h"

namespace excite::svg {

// Told apart by people with any of the three kinds of color blindness (svg_test.cpp).
constexpr const char* colors[] = {"#2f8fd0", "#e0702c", "#10cc74", "#ae21e6", "#675e2f", "#b86381"};
constexpr const char* gray = "#808080";

std::string tenths(double number);  // "12.3"; halves are rounded up: 0.25 is "0.3"

// `anchor`: the part of the words that is at x: start, middle or end. `more`: further attributes.
Markup label(double x, double y, const std::string& anchor, const Markup& words,
             const std::string& color = gray, const MarkupAttributes& more = {});
Markup line(double x1, double y1, double x2, double y2, const MarkupAttributes& more = {});
Markup circle(double x, double y, double radius, const std::string& color,
              const MarkupAttributes& more = {});
Markup drawing(double width, double height, const Markup& body);        // the element <svg>
std::string document(double width, double height, const Markup& body);  // the whole file

}  // namespace excite::svg
