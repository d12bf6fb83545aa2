#include "tools/commands/markup.h"

#include "core/text.h"

namespace excite {

namespace {

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

std::string opened(const std::string& name, const MarkupAttributes& attributes) {
  std::string xml = "<" + name;
  for (const auto& [key, value] : attributes) xml += " " + key + "=\"" + escaped(value) + "\"";
  return xml;
}

}  // namespace

Markup::Markup(const std::string& words) : xml_(escaped(words)) {}

Markup Markup::lines(const std::string& words) {
  Markup all;
  for (const std::string& line : split(words, '\n')) all += Markup(line) + line_break();
  return all;
}

Markup Markup::line_break() { return trusted("\n"); }

Markup Markup::trusted(const std::string& xml) {
  Markup markup;
  markup.xml_ = xml;
  return markup;
}

Markup& Markup::operator+=(const Markup& more) {
  xml_ += more.xml_;
  return *this;
}

Markup element(const std::string& name, const MarkupAttributes& attributes, const Markup& content) {
  return Markup::trusted(opened(name, attributes) + ">" + content.xml() + "</" + name + ">");
}

Markup empty_element(const std::string& name, const MarkupAttributes& attributes) {
  return Markup::trusted(opened(name, attributes) + "/>");
}

}  // namespace excite
