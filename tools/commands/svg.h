// The few elements that our images are drawn from. An image has no background, so its colors show
// on white and on black.
#pragma once
#include <string>

namespace excite::svg {

constexpr const char* colors[] = {"#2f8fd0", "#e0702c", "#3aa655", "#b063c5", "#c9a227", "#d64550"};
constexpr const char* grey = "#808080";

std::string tenths(double number);              // 12.3: coordinates; 0.25 is 0.3
std::string escaped(const std::string& words);  // as text of XML, control characters as '?'

// `words` are XML already. anchor: start, middle or end, what of the words is at x. style: further
// attributes, each with a blank before it.
std::string label(double x, double y, const std::string& anchor, const std::string& words,
                  const std::string& color = grey, const std::string& style = "");
std::string line(double x1, double y1, double x2, double y2, const std::string& style);
std::string circle(double x, double y, double radius, const std::string& color,
                   const std::string& style = "");
std::string document(double width, double height, const std::string& body);  // the whole file

}  // namespace excite::svg
