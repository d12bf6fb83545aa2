#include "tools/graph/graph_page.h"

#include <algorithm>
#include <array>
#include <map>

#include "core/check.h"
#include "core/text.h"
#include "tools/commands/output.h"
#include "tools/graph/dot.h"
#include "tools/graph/maps.h"
#include "tools/graph/op_sources.h"
#include "tools/report/data_uri.h"
#include "tools/report/page.h"

namespace excite {

namespace {

constexpr const char* style = R"(
.steps { background: var(--paper); border-bottom: 1px solid var(--line); padding: .5rem 0;
         position: sticky; top: 0; }
.steps button { font: inherit; margin-right: .5rem; }
details details { margin-left: 1rem; }
summary { cursor: pointer; padding: .15rem 0; }
article { border-left: 3px solid var(--line); margin: .25rem 0 .25rem 1rem; padding: .1rem .75rem; }
article.now { border-color: #e0702c; }
article p { margin: 0; }
article small { color: var(--pale); }
.maps { display: flex; flex-wrap: wrap; gap: 1rem; }
.maps img { height: 64px; }
.maps img.row { height: 12px; }
.stepping .value, .stepping .gradient { visibility: hidden; }
.stepping .ran .value, .stepping .back .gradient { visibility: visible; }
)";

// Forward from the first operation to the last, then backward through those that have a gradient.
constexpr const char* script = R"(
const nodes = [...document.querySelectorAll('article')];
const back = nodes.filter(n => n.querySelector('.gradient')).reverse();
const steps = nodes.map(n => [n, 'forward']).concat(back.map(n => [n, 'backward']));
let at = -1;
function go(to) {
  at = Math.max(-1, Math.min(steps.length - 1, to));
  document.body.classList.toggle('stepping', at >= 0);
  nodes.forEach(n => n.classList.remove('now', 'ran', 'back'));
  steps.slice(0, at + 1).forEach(([n, pass]) => n.classList.add(pass == 'forward' ? 'ran' : 'back'));
  const status = document.getElementById('status');
  if (at < 0) { status.textContent = steps.length + ' steps'; return; }
  const [node, pass] = steps[at];
  node.classList.add('now');
  for (let e = node; e; e = e.parentElement) if (e.tagName == 'DETAILS') e.open = true;
  node.scrollIntoView({block: 'center'});
  status.textContent = pass + ', step ' + (at + 1) + ' of ' + steps.length + ': ' + node.dataset.op;
}
document.getElementById('next').onclick = () => go(at + 1);
document.getElementById('previous').onclick = () => go(at - 1);
document.getElementById('last').onclick = () => go(steps.length - 1);
document.getElementById('all').onclick = () => go(-1);
document.querySelector('.steps').hidden = false;
go(-1);
)";

std::string parent(const std::string& layer) {
  const std::size_t dot = layer.rfind('.');
  return dot == std::string::npos ? "" : layer.substr(0, dot);
}

bool is_inside(const std::string& module, const std::string& of) {
  return module == of || module.starts_with(of + ".");
}

std::string id_of(std::size_t node) { return text("n", node); }

Markup map_figure(const std::string& kind, const Image& map, const std::string& words) {
  const bool is_row = map.height < 8;
  return element(
      "div", {{"class", kind}},
      empty_element(
          "img", {{"src", png_data_uri(map)}, {"alt", kind}, {"class", is_row ? "row" : "map"}}) +
          element("div", {}, element("small", {}, words)));
}

// The comment above the operation, which has its formula, and its source.
Markup source_of(const std::string& op) {
  const OpSource* source = find_op_source(op);
  if (!source) return {};
  std::vector<std::string> formula;
  for (const std::string& line : split(source->text, '\n')) {
    if (!line.starts_with("// ")) break;
    formula.push_back(line.substr(3));
  }
  return element("p", {}, element("code", {}, join(formula, " "))) +
         element("details", {},
                 element("summary", {}, text(source->file, ":", source->line)) +
                     element("pre", {}, Markup::lines(source->text)));
}

std::string range_of(const Tensor& x) {
  if (x.size() == 1) return decimal(static_cast<double>(x[0]), 4);
  double least = static_cast<double>(x[0]), most = least;
  for (long i = 0; i < x.size(); i++) {
    least = std::min(least, static_cast<double>(x[i]));
    most = std::max(most, static_cast<double>(x[i]));
  }
  return text(decimal(least, 4), " to ", decimal(most, 4));
}

Markup article(const std::vector<GraphNode>& graph, std::size_t at) {
  const GraphNode& node = graph[at];
  Markup head =
      element("strong", {}, node.inputs.empty() && !node.name.empty() ? node.name : node.op);
  head += text(" ", node.layer, " ", node.shape);
  Markup facts;
  for (const long input : node.inputs) {
    facts += facts.xml().empty() ? "reads " : ", ";
    const GraphNode& from = graph[static_cast<std::size_t>(input)];
    facts += element("a", {{"href", "#" + id_of(static_cast<std::size_t>(input))}},
                     from.name.empty() ? from.op : from.name);
  }
  if (node.parameters > 0) facts += text(", ", grouped(node.parameters), " parameters");
  if (node.macs > 0) facts += text(", ", grouped(node.macs), " multiply-adds");
  Markup maps;
  if (node.value)
    maps += map_figure("value", value_map(*node.value), "value: " + range_of(*node.value));
  if (node.gradient)
    maps += map_figure("gradient", gradient_map(*node.gradient),
                       "gradient: " + range_of(*node.gradient));
  return element("article", {{"id", id_of(at)}, {"data-op", node.op}},
                 element("p", {}, head) + element("p", {}, element("small", {}, facts)) +
                     element("div", {{"class", "maps"}}, maps) + source_of(node.op)) +
         Markup::line_break();
}

// The nodes from `at` on that are inside `module`, those of its modules in elements of their own.
Markup module_content(const std::vector<GraphNode>& graph, std::size_t& at,
                      const std::string& module);

Markup module_details(const std::vector<GraphNode>& graph, std::size_t& at,
                      const std::string& module) {
  GraphNode sum{.op = "module", .layer = module, .ops = 0};
  for (const GraphNode& node : graph)
    if (is_inside(parent(node.layer), module))
      sum.ops += node.ops, sum.parameters += node.parameters, sum.macs += node.macs;
  std::vector<std::string> words = node_lines(sum);
  words.erase(words.begin() + 2);  // the shape, which a module does not have
  const Markup summary = element("summary", {}, join(words, ", "));
  return element("details", {}, summary + module_content(graph, at, module)) + Markup::line_break();
}

Markup module_content(const std::vector<GraphNode>& graph, std::size_t& at,
                      const std::string& module) {
  Markup content;
  while (at < graph.size()) {
    const std::string of_node = parent(graph[at].layer);
    if (!module.empty() && !is_inside(of_node, module)) break;
    if (of_node == module) {
      content += article(graph, at++);
      continue;
    }
    const std::size_t begin = module.empty() ? 0 : module.size() + 1;
    content += module_details(graph, at, of_node.substr(0, of_node.find('.', begin)));
  }
  return content;
}

Markup buttons() {
  Markup all;
  for (const auto& [id, words] :
       std::array<std::pair<const char*, const char*>, 4>{{{"next", "Next"},
                                                           {"previous", "Previous"},
                                                           {"last", "To the end"},
                                                           {"all", "Show all"}}})
    all += element("button", {{"id", id}, {"type", "button"}}, words);
  return element("div", {{"class", "steps"}, {"hidden", "hidden"}},
                 all + element("span", {{"id", "status"}}, ""));
}

}  // namespace

std::string graph_page(const std::string& title, const std::vector<GraphNode>& graph) {
  std::size_t at = 0;
  const Markup body =
      element("h1", {}, title) +
      paragraph(
          "Each operation shows its value and, beside it, its gradient, computed on one image. "
          "Four channels are drawn. In values black is the smallest number and white the "
          "largest; in gradients blue is negative and red is positive.") +
      buttons() + module_content(graph, at, "");
  return page_with_script(title, style, body, script);
}

}  // namespace excite
