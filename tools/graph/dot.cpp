#include "tools/graph/dot.h"

#include <map>

#include "core/check.h"
#include "core/text.h"
#include "tools/commands/output.h"

namespace excite {

namespace {

// In double quotes, with \n between lines.
std::string quoted(const std::vector<std::string>& lines) {
  std::string all = "\"";
  for (const std::string& line : lines) {
    if (&line != &lines.front()) all += "\\n";
    for (const char c : printable(line)) {
      if (c == '"' || c == '\\') all += '\\';
      all += c;
    }
  }
  return all + "\"";
}

// "layer1.0.conv1" -> "layer1.0"
std::string parent(const std::string& layer) {
  const std::size_t dot = layer.rfind('.');
  return dot == std::string::npos ? "" : layer.substr(0, dot);
}

}  // namespace

std::vector<std::string> node_lines(const GraphNode& node) {
  std::vector<std::string> lines;
  if (node.op == "module") {
    lines.push_back(node.layer);
    lines.push_back(counted(node.ops, "operation"));
  } else if (node.inputs.empty()) {
    lines.push_back(node.name.empty() ? node.op : node.name);
  } else {
    lines.push_back(node.op);
    if (node.parameters > 0) lines.insert(lines.begin(), node.layer);
  }
  if (node.gradient && node.gradient->size() == 1) {
    lines.push_back(text("value ", decimal(static_cast<double>((*node.value)[0]), 4)));
    lines.push_back(text("gradient ", decimal(static_cast<double>((*node.gradient)[0]), 4)));
  } else {
    lines.push_back(text(node.shape));
  }
  if (node.parameters > 0) lines.push_back(grouped(node.parameters) + " parameters");
  if (node.macs > 0) lines.push_back(grouped(node.macs) + " multiply-adds");
  return lines;
}

std::string dot(const std::vector<GraphNode>& graph) {
  std::string file = "digraph {\n  node [shape=box, fontname=\"sans-serif\"];\n";
  std::map<std::string, std::string> clusters;
  for (std::size_t i = 0; i < graph.size(); i++) {
    const std::string line = text("n", i, " [label=", quoted(node_lines(graph[i])), "];\n");
    const std::string module = parent(graph[i].layer);
    if (module.empty())
      file += "  " + line;
    else
      clusters[module] += "    " + line;
  }
  for (const auto& [module, lines] : clusters)
    file += text("  subgraph ", quoted({"cluster " + module}), " {\n    label=", quoted({module}),
                 ";\n", lines, "  }\n");
  for (std::size_t i = 0; i < graph.size(); i++)
    for (const long input : graph[i].inputs) file += text("  n", input, " -> n", i, ";\n");
  return file + "}\n";
}

}  // namespace excite
