// XML and HTML that is well-formed by construction. A string becomes markup as text, which escapes
// it, or as an attribute's value, which escapes it too. This is the only place where that happens,
// so a name from a file cannot become an element.
#pragma once
#include <string>
#include <utility>
#include <vector>

namespace excite {

class Markup {
 public:
  Markup() = default;
  Markup(const std::string& words);  // text: escaped, of what is printable (core/text.h)
  Markup(const char* words) : Markup(std::string(words)) {}
  static Markup lines(const std::string& words);  // text that keeps its line breaks
  static Markup line_break();                     // in the file, for people who read it
  static Markup trusted(const std::string& xml);  // our own style sheets and scripts
  Markup& operator+=(const Markup& more);
  friend Markup operator+(Markup a, const Markup& b) { return a += b; }
  const std::string& xml() const { return xml_; }

 private:
  std::string xml_;
};

using MarkupAttributes = std::vector<std::pair<std::string, std::string>>;

// <name key="value" ...>content</name>, or <name key="value" .../>.
Markup element(const std::string& name, const MarkupAttributes& attributes, const Markup& content);
Markup empty_element(const std::string& name, const MarkupAttributes& attributes);

}  // namespace excite
