// excite graph: draws the recorded graph of a model.
#include <algorithm>
#include <iostream>
#include <memory>

#include "autograd/ops.h"
#include "core/check.h"
#include "core/files/atomic_file.h"
#include "core/images/resize.h"
#include "core/text.h"
#include "tools/commands/commands.h"
#include "tools/commands/network_options.h"
#include "tools/commands/number_options.h"
#include "tools/commands/output.h"
#include "tools/commands/shared_options.h"
#include "tools/data/batch.h"
#include "tools/data/builtin.h"
#include "tools/graph/dot.h"
#include "tools/graph/drawing.h"
#include "tools/graph/graph_page.h"

namespace excite {

namespace {

struct GraphOptions {
  NetworkOptions network;
  std::string image, part;
  std::string dot, svg, html;  // files to write
  long depth = 2;
  bool neuron = false;
};

// The neuron of autograd's chapter: y = sigmoid(w x + b).
std::vector<GraphNode> neuron() {
  const auto named = [](const char* name, double value) {
    Var x = parameter(full({1}, static_cast<real>(value)));
    x->name = name;
    return x;
  };
  const Var w = named("w", 2), x = named("x", 1), b = named("b", -1);
  return record_with_gradients(sigmoid(add(mul(w, x), b)), ParametersAs::nodes);
}

Image subject_image(const GraphOptions& o) {
  if (!o.image.empty()) return read_image(o.image);
  Image drawn{32, 32, std::vector<std::uint8_t>(32 * 32 * 3)};
  draw_builtin_image(0, drawn.pixels.data());
  return drawn;
}

// The nodes of one module. What they read from outside becomes an input.
std::vector<GraphNode> part_of(const std::vector<GraphNode>& graph, const std::string& part) {
  std::vector<GraphNode> inside;
  std::vector<long> to(graph.size(), -1);
  for (std::size_t i = 0; i < graph.size(); i++) {
    if (graph[i].layer != part && !graph[i].layer.starts_with(part + ".")) continue;
    GraphNode node = graph[i];
    for (long& input : node.inputs) {
      long& at = to[static_cast<std::size_t>(input)];
      if (at < 0) {
        GraphNode outside = graph[static_cast<std::size_t>(input)];
        outside.op = "input", outside.name = "from " + outside.layer, outside.layer = "";
        outside.inputs.clear(), outside.parameters = 0, outside.macs = 0;
        at = std::ssize(inside);
        inside.push_back(std::move(outside));
      }
      input = at;
    }
    to[i] = std::ssize(inside);
    inside.push_back(std::move(node));
  }
  require<UsageError>(!inside.empty(), "--part ", part,
                      ": the model has no such module; excite summary lists its layers");
  return inside;
}

// The loss is the cross-entropy of the class that the model finds most likely.
std::vector<GraphNode> graph_of(const GraphOptions& o, bool with_loss) {
  Rng rng(0);
  const TrainedModel network = make_network(o.network, rng);
  const long side = image_size_for(o.network, network.model);
  const Normalization normalization{network.preprocessing.mean, network.preprocessing.deviation};
  const Image image = resize(subject_image(o), side, side);
  const Var x(make_crops(std::vector<const Image*>{&image}, {}, normalization, Crops::center));
  const Var logits = network.model(x, Mode::eval);
  if (!with_loss) return record_graph(logits, ParametersAs::counts);
  const auto most = std::max_element(logits->value.begin(), logits->value.end());
  const std::vector<int> label{static_cast<int>(most - logits->value.begin())};
  return record_with_gradients(cross_entropy(logits, label), ParametersAs::counts);
}

void write_file(const std::string& path, const std::string& content) {
  if (!path.empty()) write_text_atomically(path, content);
}

void require_name(const std::string& path, const std::string& kind) {
  require<UsageError>(path.empty() || path == "-" || path.ends_with("." + kind), "--", kind, " ",
                      path, ": expected a name that ends in .", kind);
}

int draw(const GraphOptions& o) {
  require<UsageError>(o.neuron || !o.network.model.empty() || !o.network.weights.empty(),
                      "expected --model NAME, --weights FILE or --neuron");
  require<UsageError>(!o.dot.empty() || !o.svg.empty() || !o.html.empty(),
                      "expected a file to write: --dot FILE, --svg FILE or --html FILE");
  require_name(o.svg, "svg");
  require_name(o.dot, "dot");
  require_name(o.html, "html");
  const auto graph_for = [&](bool with_loss) {
    const std::vector<GraphNode> graph = o.neuron ? neuron() : graph_of(o, with_loss);
    return o.part.empty() ? graph : part_of(graph, o.part);
  };
  const std::string title =
      o.neuron ? "A neuron"
               : "The graph of " + (o.network.model.empty() ? o.network.weights : o.network.model);
  if (!o.html.empty()) write_file(o.html, graph_page(title, graph_for(true)));
  if (o.svg.empty() && o.dot.empty()) return 0;
  std::vector<GraphNode> graph = graph_for(false);
  if (o.depth > 0 && !o.neuron && o.part.empty()) graph = fold(graph, o.depth);
  write_file(o.svg, draw_graph(graph));
  write_file(o.dot, dot(graph));
  return 0;
}

}  // namespace

void add_graph(const Command& program, Run& run) {
  const auto o = std::make_shared<GraphOptions>();
  const Command c = program.add_command(
      "graph",
      "Draw the graph that a model records.\nAs SVG, for Graphviz, or as a page that steps through "
      "forward and backward.");
  c.begin_group("Model");
  add_network_options(c, o->network);
  c.add_option("--image", o->image, "Image that the model sees [a built-in one]").type_name("FILE");
  c.add_flag("--neuron", o->neuron, "Draw the neuron of autograd's chapter instead of a model");
  c.begin_group("Output");
  c.add_option("--svg", o->svg, "Write a drawing").type_name("FILE");
  c.add_option("--dot", o->dot, "Write a file for Graphviz: dot -Tsvg FILE").type_name("FILE");
  c.add_option("--html", o->html,
               "Write a page with values and gradients of every operation, and its source")
      .type_name("FILE");
  c.add_option("--depth", o->depth,
               "Fold modules at this depth into one node in --svg and --dot; 0: not at all")
      .whole_number(0, 20);
  c.add_option("--part", o->part, "Only the operations of this module, such as layer1.0")
      .type_name("NAME");
  c.add_examples({"excite graph --model se_resnet20 --svg graph.svg",
                  "excite graph --model se_resnet20 --part layer1.0 --svg block.svg",
                  "excite graph --weights runs/se_resnet20-1/best.safetensors --html graph.html"});
  c.on_call([=, &run] { run = [=] { return draw(*o); }; });
}

}  // namespace excite
