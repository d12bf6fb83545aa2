#include "models/interop/onnx.h"

#include <algorithm>
#include <cmath>

#include "autograd/hooks.h"
#include "core/check.h"
#include "core/memory_budget.h"
#include "models/cost.h"
#include "models/interop/onnx_operations.h"

namespace excite {

namespace {

// "layer1.0.bn1", also for the operations after it that have no parameters
std::string name_of_layer(const Node& y) {
  const std::string layer = layer_of(y);
  const std::string name = layer.starts_with("after ") ? layer.substr(6) : layer;
  return name.empty() ? "input" : name;
}

// (x - mean) / deviation
std::string normalize(OnnxExport& e, const std::string& images, const Preprocessing& p) {
  const auto per_color = [](const std::array<double, 3>& c) {
    return std::vector<float>{static_cast<float>(c[0]), static_cast<float>(c[1]),
                              static_cast<float>(c[2])};
  };
  e.layer = "normalization";
  const std::vector<std::int64_t> dims{3, 1, 1};
  const std::string centered =
      e.add("Sub", {images, e.constant(dims, per_color(p.mean), "normalization/mean")});
  return e.add("Div",
               {centered, e.constant(dims, per_color(p.deviation), "normalization/deviation")});
}

// The recorded graph of one image, from x to y, operation by operation.
std::string convert_graph(OnnxExport& e, const Var& y) {
  const std::vector<Var> nodes = graph(y);
  for (const Var& node : nodes)
    for (const Var& x : node->inputs) e.uses[&*x]++;
  for (const Var& node : nodes) {
    if (node->inputs.empty()) continue;
    e.layer = name_of_layer(*node);
    e.values[&*node] = add_operation(e, *node);
  }
  return e.values.at(&*y);
}

// A file of weights may declare any size of images. The recorded graph keeps all results, whose
// sizes grow with the number of pixels, so those of a small image tell what a large one needs.
void require_memory_of_graph(const Model& model, long side) {
  const long small = std::max(32l, model.min_image_size);
  if (side <= 8 * small) return;
  const double growth = static_cast<double>(side * side) / static_cast<double>(small * small),
               bytes = static_cast<double>(
                   cost_of(model(zeros({1, small, small, 3}), Mode::eval)).bytes);
  require_memory(std::lround(bytes * growth),
                 text("write_onnx: ", model.name, " on an image of ", side, "x", side, " pixels"));
}

}  // namespace

void write_onnx(const std::string& path, const TrainedModel& trained, const OnnxOptions& options) {
  const Model& model = trained.model;
  const long side = options.image_size ? options.image_size : model.image_size;
  require<UsageError>(side >= model.min_image_size, "image size ", side, ": ", model.name,
                      " needs at least ", model.min_image_size, " pixels");
  require<UsageError>(options.opset >= min_onnx_opset && options.opset <= max_onnx_opset, "opset ",
                      options.opset, ": expected ", min_onnx_opset, " to ", max_onnx_opset);
  require_memory_of_graph(model, side);
  Var x(zeros({1, side, side, 3}));
  x->requires_grad = true;  // so that operations before the first parameter are recorded too
  const Var y = model(x, Mode::eval);

  OnnxExport e{{.name = model.name}};
  e.fold_batch_norm = options.fold_batch_norm;
  e.graph.input = {"images", {3, side, side}};
  e.graph.output = {options.softmax ? "probabilities" : "logits", {model.classes}};
  e.values[&*x] = normalize(e, "images", trained.preprocessing);
  std::string last = convert_graph(e, y);
  e.layer = e.graph.output.name;
  if (options.softmax) last = e.add("Softmax", {last}, {{"axis", 1}});
  for (OnnxNode& node : e.graph.nodes)
    if (node.name == last) node.output = e.graph.output.name;

  Preprocessing described = trained.preprocessing;
  described.mean = {}, described.deviation = {1, 1, 1};  // the graph itself normalizes
  write_onnx(path, e.graph, describe(model, described), options.opset);
}

}  // namespace excite
