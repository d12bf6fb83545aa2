// The graph as a list, as a drawing, in Graphviz's language and as a page.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "autograd/ops.h"
#include "core/random.h"
#include "models/cost.h"
#include "models/zoo/registry.h"
#include "tests/support/child.h"
#include "tests/support/scratch.h"
#include "tools/graph/dot.h"
#include "tools/graph/drawing.h"
#include "tools/graph/graph_page.h"
#include "tools/graph/op_sources.h"

namespace excite {
namespace {

Var logits_of(const std::string& name, const Settings& options = {}) {
  Rng rng(0);
  const Model model = make_model(name, options, 10, rng);
  return model(zeros({1, model.image_size, model.image_size, 3}), Mode::eval);
}

// sigmoid(w x + b) with w = 2, x = 1, b = -1: the numbers of the table in autograd's chapter.
std::vector<GraphNode> neuron() {
  const auto named = [](const char* name, real value) {
    Var x = parameter(full({1}, value));
    x->name = name;
    return x;
  };
  const Var w = named("w", 2), x = named("x", 1), b = named("b", -1);
  return record_with_gradients(sigmoid(add(mul(w, x), b)), ParametersAs::nodes);
}

long count(const std::string& all, const std::string& words) {
  long n = 0;
  for (std::size_t at = all.find(words); at != std::string::npos; at = all.find(words, at + 1)) n++;
  return n;
}

TEST(RecordedGraph, HasANodeForEachOperationOfTheSummary) {
  for (const char* name : {"se_small_resnet", "se_small_inception_v3", "se_small_shufflenet"}) {
    const Var y = logits_of(name);
    const Cost cost = cost_of(y);
    const std::vector<GraphNode> nodes = record_graph(y, ParametersAs::counts);
    const long inputs = std::count_if(nodes.begin(), nodes.end(),
                                      [](const GraphNode& n) { return n.op == "input"; });
    EXPECT_EQ(inputs, 1) << name;
    ASSERT_EQ(std::ssize(nodes), std::ssize(cost.ops) + inputs) << name;
    long parameters = 0, macs = 0;
    for (const GraphNode& n : nodes) parameters += n.parameters, macs += n.macs;
    EXPECT_EQ(parameters, cost.parameters) << name;
    EXPECT_EQ(macs, cost.macs) << name;
  }
}

TEST(RecordedGraph, HasTheValuesAndGradientsOfTheChapter) {
  std::map<std::string, std::pair<double, double>> found;
  const auto rounded = [](const Tensor& x) {
    return std::round(1e4 * static_cast<double>(x[0])) / 1e4;
  };
  for (const GraphNode& n : neuron())
    found[n.name.empty() ? n.op : n.name] = {rounded(*n.value), rounded(*n.gradient)};
  const std::map<std::string, std::pair<double, double>> by_hand{
      {"w", {2, 0.1966}},   {"x", {1, 0.3932}},   {"b", {-1, 0.1966}},
      {"mul", {2, 0.1966}}, {"add", {1, 0.1966}}, {"sigmoid", {0.7311, 1}}};
  EXPECT_EQ(found, by_hand);
}

TEST(RecordedGraph, RefusesGradientsOfSeveralNumbers) {
  EXPECT_THROW(record_with_gradients(parameter(zeros({2})), ParametersAs::nodes), Error);
}

TEST(FoldedGraph, AddsUpTheOperationsOfEachModule) {
  const std::vector<GraphNode> all = record_graph(logits_of("se_resnet20"), ParametersAs::counts);
  const std::vector<GraphNode> folded = fold(all, 2);
  std::string modules;
  GraphNode sum{.ops = 0};
  for (const GraphNode& n : folded) {
    modules += n.layer + ";";
    sum.ops += n.ops, sum.parameters += n.parameters, sum.macs += n.macs;
  }
  EXPECT_EQ(modules,
            ";conv1;bn1;layer1.0;layer1.1;layer1.2;layer2.0;layer2.1;layer2.2;layer3.0;layer3.1;"
            "layer3.2;fc;");
  EXPECT_EQ(sum.ops, std::ssize(all));
  EXPECT_EQ(sum.parameters, 274'847);
  EXPECT_EQ(sum.macs, 40'815'200);
  for (std::size_t i = 1; i < folded.size(); i++)
    EXPECT_EQ(folded[i].inputs, std::vector<long>{static_cast<long>(i) - 1}) << folded[i].layer;
  EXPECT_EQ(fold(all, 1).size(), 7u);  // input, conv1, bn1, three stages, fc
}

TEST(ModuleOf, IsTheBeginningOfAPath) {
  EXPECT_EQ(module_of("layer1.0.conv1", 1), "layer1");
  EXPECT_EQ(module_of("layer1.0.conv1", 2), "layer1.0");
  EXPECT_EQ(module_of("fc", 2), "fc");
  EXPECT_EQ(module_of("", 2), "");
}

TEST(Dot, HasALineForEachNodeAndEachInput) {
  const std::vector<GraphNode> graph = record_graph(logits_of("se_resnet20"), ParametersAs::counts);
  const std::string file = dot(graph);
  long inputs = 0;
  for (const GraphNode& n : graph) inputs += std::ssize(n.inputs);
  EXPECT_EQ(count(file, " [label="), std::ssize(graph));
  EXPECT_EQ(count(file, " -> "), inputs);
}

TEST(Dot, EscapesNames) {
  GraphNode node{.op = "input", .name = "a\"\\\n\x1b[31m"};
  const std::string file = dot({node});
  EXPECT_NE(file.find(R"(label="a\"\\)"), std::string::npos) << file;
  EXPECT_EQ(file.find('\x1b'), std::string::npos);
}

TEST(GraphDrawing, OfTheNeuronIsTheFigureOfTheChapter) {
  EXPECT_EQ(draw_graph(neuron()), get("autograd/neuron.svg"))
      << "excite graph --neuron --svg autograd/neuron.svg makes it again";
}

TEST(GraphDrawing, HasABoxForEachNode) {
  const std::vector<GraphNode> graph =
      record_graph(logits_of("se_small_inception_v3"), ParametersAs::counts);
  const std::string svg = draw_graph(graph);
  EXPECT_EQ(count(svg, "<rect "), std::ssize(graph));
}

TEST(GraphPage, HasEveryOperationWithItsValueGradientAndSource) {
  const std::vector<GraphNode> graph = record_with_gradients(
      cross_entropy(logits_of("se_small_resnet"), std::vector<int>{3}), ParametersAs::counts);
  const std::string page = graph_page("<b>", graph);
  EXPECT_EQ(count(page, "<article "), std::ssize(graph));
  EXPECT_EQ(count(page, "<div class=\"value\">"), std::ssize(graph));
  const long gradients = std::count_if(graph.begin(), graph.end(),
                                       [](const GraphNode& n) { return n.gradient != nullptr; });
  EXPECT_GT(gradients, 30);
  EXPECT_EQ(count(page, "<div class=\"gradient\">"), gradients);
  EXPECT_NE(page.find("autograd/ops.cpp:"), std::string::npos);
  EXPECT_EQ(page.find("<b>"), std::string::npos);
  EXPECT_EQ(page.find("http"), page.find("http-equiv")) << "it loads nothing";
}

// All operations of all networks have their source in the program.
TEST(OpSources, AreThoseOfTheOperations) {
  for (const char* name : {"se_resnet20", "se_small_inception_v3", "se_small_shufflenet"})
    for (const GraphNode& n : record_graph(logits_of(name), ParametersAs::counts)) {
      if (n.inputs.empty()) continue;
      const OpSource* source = find_op_source(n.op);
      ASSERT_TRUE(source) << n.op;
      const std::string text = source->text;
      EXPECT_NE(get(source->file).find(text), std::string::npos) << n.op;
      EXPECT_NE(text.find("result(\"" + n.op + "\""), std::string::npos) << n.op;
    }
  EXPECT_EQ(find_op_source("no_such_op"), nullptr);
}

TEST(GraphCommand, WritesWhatItIsAskedFor) {
  const ScratchFolder folder;
  const std::string svg = folder / "a.svg", dot = folder / "a.dot", html = folder / "a.html";
  const Ending ending = excite_program({"graph", "--model", "se_resnet20", "--part", "layer1.0",
                                        "--svg", svg, "--dot", dot, "--html", html});
  EXPECT_EQ(ending.code, 0) << ending.err;
  EXPECT_NE(get(svg).find("layer1.0.se.fc2"), std::string::npos);
  EXPECT_EQ(count(get(dot), " [label="), 15 + 1);  // and what the block reads
  EXPECT_EQ(count(get(html), "<article "), 15 + 1);
  expect_failure(excite_program({"graph", "--model", "se_resnet20"}), 2, {"--svg FILE"});
  expect_failure(excite_program({"graph", "--svg", svg}), 2, {"--model NAME", "--neuron"});
  expect_failure(excite_program({"graph", "--neuron", "--svg", "x.png"}), 2, {".svg"});
  expect_failure(
      excite_program({"graph", "--model", "se_resnet20", "--part", "layer9", "--svg", svg}), 2,
      {"layer9", "excite summary"});
}

}  // namespace
}  // namespace excite
