#include "tools/report/page.h"

namespace excite {

namespace {

constexpr const char* style = R"(
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1b1b; --pale: #6b6b6b; --line: #d8d8d8;
        --shade: 47, 143, 208; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #16181b; --ink: #e6e6e6; --pale: #9a9a9a; --line: #3a3d42; }
}
body { background: var(--paper); color: var(--ink); font: 15px/1.5 sans-serif; margin: 0 auto;
       max-width: 62rem; padding: 1rem 1.5rem 4rem; }
h1, h2 { font-weight: 600; line-height: 1.2; }
h2 { border-top: 1px solid var(--line); margin-top: 2.5rem; padding-top: 1rem; }
a { color: #2f8fd0; }
nav a { margin-right: 1rem; }
table { border-collapse: collapse; display: block; font-variant-numeric: tabular-nums;
        overflow-x: auto; }
th, td { padding: .15rem .5rem; text-align: right; }
th { color: var(--pale); font-weight: 400; }
th:first-child, td:first-child { text-align: left; }
tr + tr td { border-top: 1px solid var(--line); }
td a { color: inherit; display: block; }
svg { height: auto; max-width: 100%; }
pre { border: 1px solid var(--line); overflow-x: auto; padding: .75rem; }
.gallery { display: flex; flex-wrap: wrap; gap: .75rem; }
figure { font-size: 12px; line-height: 1.3; margin: 0; max-width: 13rem; }
figure img { height: 96px; image-rendering: pixelated; margin-right: 2px; }
figcaption { color: var(--pale); overflow-wrap: anywhere; }
.cell { display: none; }
.cell:target { display: block; }
)";

const std::string policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

Markup on_a_line(const Markup& element) { return element + Markup::line_break(); }

}  // namespace

Markup section(const std::string& id, const std::string& heading, const Markup& content) {
  return on_a_line(
      element("section", {{"id", id}}, on_a_line(element("h2", {}, heading)) + content));
}

Markup paragraph(const Markup& words) { return on_a_line(element("p", {}, words)); }

Markup table(const std::vector<std::string>& head, const std::vector<std::vector<Markup>>& rows) {
  Markup cells, lines;
  for (const std::string& word : head) cells += element("th", {}, word);
  lines += on_a_line(element("tr", {}, cells));
  for (const std::vector<Markup>& row : rows) {
    cells = {};
    for (const Markup& cell : row) cells += element("td", {}, cell);
    lines += on_a_line(element("tr", {}, cells));
  }
  return on_a_line(element("table", {}, lines));
}

Markup figure(const std::vector<std::string>& data_uris, const std::string& title,
              const Markup& words) {
  Markup images;
  for (const std::string& uri : data_uris)
    images += empty_element("img", {{"src", uri}, {"alt", title}});
  return on_a_line(
      element("figure", {{"title", title}}, images + element("figcaption", {}, words)));
}

Markup gallery(const Markup& figures) {
  return on_a_line(element("div", {{"class", "gallery"}}, figures));
}

namespace {

std::string whole_page(const std::string& title, const std::string& more_style, const Markup& body,
                       const std::string& allowed) {
  Markup head = empty_element("meta", {{"charset", "utf-8"}});
  head += empty_element("meta", {{"name", "viewport"}, {"content", "width=device-width"}});
  head += empty_element("meta", {{"http-equiv", "Content-Security-Policy"}, {"content", allowed}});
  head += empty_element("link", {{"rel", "icon"}, {"href", "data:,"}});
  head += element("title", {}, title);
  head += element("style", {}, Markup::trusted(style + more_style));
  const Markup html = on_a_line(element("head", {}, head)) + element("body", {}, body);
  return "<!doctype html>\n" + element("html", {{"lang", "en"}}, html).xml() + "\n";
}

}  // namespace

std::string page(const std::string& title, const Markup& body) {
  return whole_page(title, "", body, policy);
}

std::string page_with_script(const std::string& title, const std::string& more_style,
                             const Markup& body, const std::string& script) {
  const Markup with_script = body + element("script", {}, Markup::trusted(script));
  return whole_page(title, more_style, with_script, policy + "; script-src 'unsafe-inline'");
}

}  // namespace excite
