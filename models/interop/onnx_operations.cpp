#include "models/interop/onnx_operations.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include "core/check.h"
#include "models/interop/weights.h"

namespace excite {

namespace {

using Integers = std::vector<std::int64_t>;

bool is_leaf(const Var& x) { return x->inputs.empty(); }

const std::vector<double>& option(const Node& y, const std::string& name) {
  for (const OpOption& o : y.options)
    if (o.name == name) return o.values;
  throw Error(text("write_onnx: operation ", y.op, " has no option '", name, "'"));
}
Size2 size_option(const Node& y, const std::string& name) {
  const std::vector<double>& values = option(y, name);
  return {std::lround(values[0]), std::lround(values[1])};
}

std::vector<float> floats(const Tensor& x) { return {x.begin(), x.end()}; }

// A leaf under its own name, if it has one.
std::string tensor(OnnxExport& e, const Var& leaf, const Tensor& numbers, const Integers& dims) {
  require(is_leaf(leaf), "write_onnx: in ", e.layer, ", ", leaf->op, " ", leaf.shape(),
          " is used as a weight, expected a parameter");
  const std::string name = leaf->name.empty() ? e.unique(e.layer + "/constant") : leaf->name;
  return e.constant(dims, floats(numbers), name);
}
std::string weight(OnnxExport& e, const Var& w) {
  const Tensor in_file = to_file(w->value);
  return tensor(e, w, in_file, in_file.shape().dims());
}
// One number per channel for x [N, H, W, C] or [N, C]. Channels are the second of ONNX's
// dimensions.
std::string per_channel(OnnxExport& e, const Var& b, const Shape& x) {
  return tensor(e, b, b->value, x.rank() == 4 ? Integers{b.shape()[-1], 1, 1} : b.shape().dims());
}

// The name of a value. A leaf without a name is a constant, [N, H, W, C] or [N, C] for all N.
std::string value(OnnxExport& e, const Var& x) {
  const auto found = e.values.find(&*x);
  if (found != e.values.end()) return found->second;
  Shape s = x.shape();
  Tensor numbers = x->value.clone();
  if (s.rank() == 4) {  // a weight's layout is [C, H, W, N], an image's [H, W, C] in these places
    const long pixels = s[1] * s[2], channels = s[3];
    for (long p = 0; p < pixels; p++)
      for (long c = 0; c < channels; c++) numbers[c * pixels + p] = x->value[p * channels + c];
    s = {1, channels, s[1], s[2]};
  }
  return tensor(e, x, numbers, s.dims());
}

// The node whose output only `y` reads, if it is one of these operations; else null.
OnnxNode* only_read_by(OnnxExport& e, const Node& y, const std::vector<std::string>& ops) {
  const Var& x = y.inputs[0];
  const auto found = e.values.find(&*x);
  if (found == e.values.end() || e.uses[&*x] != 1) return nullptr;
  for (OnnxNode& node : e.graph.nodes)
    if (node.name == found->second && std::count(ops.begin(), ops.end(), node.op)) return &node;
  return nullptr;
}

std::string transpose(OnnxExport& e, const std::string& x, const Integers& order) {
  return e.add("Transpose", {x}, {{"perm", order}});
}
std::string reshape(OnnxExport& e, const std::string& x, const Integers& shape) {
  return e.add("Reshape", {x, e.constant(shape)});
}

// ---- one function per operation, which returns the name of its value ----

using Convert = std::function<std::string(OnnxExport& e, const Node& y)>;

// An operation with the same inputs.
Convert same(const char* op, const OnnxAttributes& attributes = {}) {
  return [=](OnnxExport& e, const Node& y) {
    std::vector<std::string> inputs;
    for (const Var& x : y.inputs) inputs.push_back(value(e, x));
    return e.add(op, inputs, attributes);
  };
}

std::string convert_conv2d(OnnxExport& e, const Node& y) {
  const Size2 stride = size_option(y, "stride"), pad = size_option(y, "pad"),
              dilation = size_option(y, "dilation");
  const Shape& w = y.inputs[1].shape();
  return e.add("Conv", {value(e, y.inputs[0]), weight(e, y.inputs[1])},
               {{"kernel_shape", Integers{w[0], w[1]}},
                {"strides", Integers{stride.h, stride.w}},
                {"pads", Integers{pad.h, pad.w, pad.h, pad.w}},
                {"dilations", Integers{dilation.h, dilation.w}},
                {"group", std::lround(option(y, "groups")[0])}});
}

std::string batch_norm_node(OnnxExport& e, const Node& y) {
  std::vector<std::string> inputs{value(e, y.inputs[0])};
  for (int i = 1; i < 5; i++)
    inputs.push_back(tensor(e, y.inputs[i], y.inputs[i]->value, y.inputs[i].shape().dims()));
  return e.add("BatchNormalization", inputs,
               {{"epsilon", static_cast<float>(option(y, "eps")[0])}});
}

// With a = gamma / sqrt(var + eps), a (conv(x, w) + b - mean) + beta = conv(x, a w) + a (b - mean)
// + beta. The scaled tensors get names of their own.
std::string convert_batch_norm(OnnxExport& e, const Node& y) {
  OnnxNode* conv = e.fold_batch_norm ? only_read_by(e, y, {"Conv"}) : nullptr;
  if (!conv) return batch_norm_node(e, y);
  const auto at = [&](int input, long c) { return static_cast<double>(y.inputs[input]->value[c]); };
  OnnxTensor w = e.graph.tensors.at(conv->inputs[1]);
  auto& numbers = std::get<std::vector<float>>(w.numbers);
  const std::size_t channels = w.dims[0], per_channel = numbers.size() / channels;
  std::vector<float> bias(channels);
  if (conv->inputs.size() == 3)
    bias = std::get<std::vector<float>>(e.graph.tensors.at(conv->inputs[2]).numbers);
  for (std::size_t c = 0; c < channels; c++) {
    const double a = at(1, c) / std::sqrt(at(4, c) + option(y, "eps")[0]);
    for (std::size_t i = 0; i < per_channel; i++)
      numbers[c * per_channel + i] =
          static_cast<float>(a * static_cast<double>(numbers[c * per_channel + i]));
    bias[c] = static_cast<float>(a * (static_cast<double>(bias[c]) - at(3, c)) + at(2, c));
  }
  for (std::size_t i = 1; i < conv->inputs.size(); i++) e.graph.tensors.erase(conv->inputs[i]);
  e.graph.tensors[e.layer + "/folded_weight"] = w;
  e.constant({w.dims[0]}, bias, e.layer + "/folded_bias");
  conv->inputs = {conv->inputs[0], e.layer + "/folded_weight", e.layer + "/folded_bias"};
  return conv->name;
}

std::string convert_matmul(OnnxExport& e, const Node& y) {
  if (is_leaf(y.inputs[1]))
    return e.add("Gemm", {value(e, y.inputs[0]), weight(e, y.inputs[1])}, {{"transB", 1}});
  return same("MatMul")(e, y);
}

// The bias is the third input of the convolution or matrix product before it.
std::string convert_add_bias(OnnxExport& e, const Node& y) {
  const Var& b = y.inputs[1];
  OnnxNode* product = only_read_by(e, y, {"Conv", "Gemm"});
  if (!product || product->inputs.size() != 2)
    return e.add("Add", {value(e, y.inputs[0]), per_channel(e, b, y.value.shape())});
  product->inputs.push_back(tensor(e, b, b->value, b.shape().dims()));
  return product->name;
}

// Windows that reach beyond the padded image, as `ceil` allows, get a larger padding at the end.
OnnxAttributes window_attributes(const Node& y) {
  const Size2 kernel = size_option(y, "kernel"), stride = size_option(y, "stride"),
              pad = size_option(y, "pad");
  const Shape &in = y.inputs[0].shape(), &out = y.value.shape();
  const long bottom = std::max(0l, (out[1] - 1) * stride.h + kernel.h - in[1] - pad.h),
             right = std::max(0l, (out[2] - 1) * stride.w + kernel.w - in[2] - pad.w);
  return {{"kernel_shape", Integers{kernel.h, kernel.w}},
          {"strides", Integers{stride.h, stride.w}},
          {"pads", Integers{pad.h, pad.w, bottom, right}}};
}

std::string convert_max_pool(OnnxExport& e, const Node& y) {
  return e.add("MaxPool", {value(e, y.inputs[0])}, window_attributes(y));
}

std::string convert_avg_pool(OnnxExport& e, const Node& y) {
  OnnxAttributes attributes = window_attributes(y);
  const Integers& pads = std::get<Integers>(attributes[2].second);
  const bool padded = pads[0] > 0 || pads[1] > 0, counted = option(y, "count_padding")[0] > 0;
  require(!padded || !counted || (pads[2] <= pads[0] && pads[3] <= pads[1]),
          "write_onnx: ", e.layer,
          ": an average pool that counts its padding and rounds up has no counterpart");
  attributes.push_back({"count_include_pad", padded && counted ? 1 : 0});
  return e.add("AveragePool", {value(e, y.inputs[0])}, attributes);
}

// Row i has 1 / count at the `in` positions that cell i of `cells` averages.
std::vector<float> cell_means(long in, long cells) {
  std::vector<float> rows(cells * in);
  for (long i = 0; i < cells; i++) {
    const long begin = i * in / cells, end = ((i + 1) * in + cells - 1) / cells;
    for (long j = begin; j < end; j++) rows[i * in + j] = 1 / static_cast<float>(end - begin);
  }
  return rows;
}

// The means over cells of unequal size are two matrix products: A x B^T for each channel.
std::string convert_adaptive_avg_pool(OnnxExport& e, const Node& y) {
  const Shape &in = y.inputs[0].shape(), &out = y.value.shape();
  const std::string x = value(e, y.inputs[0]);
  if (in == out) return x;
  const std::string a =
      e.constant({out[1], in[1]}, cell_means(in[1], out[1]), e.unique(e.layer + "/row_means"));
  const std::string b =
      e.constant({out[2], in[2]}, cell_means(in[2], out[2]), e.unique(e.layer + "/column_means"));
  return e.add("MatMul", {e.add("MatMul", {a, x}), transpose(e, b, {1, 0})});
}

std::string convert_adaptive_max_pool(OnnxExport& e, const Node& y) {
  const Shape &in = y.inputs[0].shape(), &out = y.value.shape();
  require(in[1] % out[1] == 0 && in[2] % out[2] == 0, "write_onnx: ", e.layer,
          ": adaptive_max_pool of ", in, " to ", out,
          ", whose cells are unequal, has no counterpart");
  const Integers cell{in[1] / out[1], in[2] / out[2]};
  return e.add("MaxPool", {value(e, y.inputs[0])}, {{"kernel_shape", cell}, {"strides", cell}});
}

Convert global_pool(const char* op) {
  return [=](OnnxExport& e, const Node& y) {
    return e.add("Flatten", {e.add(op, {value(e, y.inputs[0])})}, {{"axis", 1}});
  };
}

std::string convert_scale_channels(OnnxExport& e, const Node& y) {
  const Var &u = y.inputs[0], &s = y.inputs[1];
  const std::string x = value(e, u);
  if (s.shape().rank() == 1) return e.add("Mul", {x, per_channel(e, s, u.shape())});
  return e.add("Mul", {x, e.add("Unsqueeze", {value(e, s), e.constant({2, 3})})});
}

// Zeros after the channels of x, as in shortcut A, are a padding.
std::string convert_concat(OnnxExport& e, const Node& y) {
  const Var& last = y.inputs.back();
  if (y.inputs.size() != 2 || !is_leaf(last)) return same("Concat", {{"axis", 1}})(e, y);
  require(std::all_of(last->value.begin(), last->value.end(), [](real v) { return v == 0; }),
          "write_onnx: ", e.layer, ": a constant other than 0 is appended to the channels");
  const Integers pads{0, 0, 0, 0, 0, last.shape()[-1], 0, 0};
  return e.add("Pad", {value(e, y.inputs[0]), e.constant(pads)});
}

// The channels are a table [groups, C/groups], which is transposed. A 0 keeps a dimension.
std::string convert_shuffle(OnnxExport& e, const Node& y) {
  const Shape& s = y.value.shape();
  const long groups = std::lround(option(y, "groups")[0]), channels = s[-1];
  Integers table{0, groups, channels / groups}, order{0, 2, 1}, back{0, channels};
  if (s.rank() == 4) table.insert(table.end(), {s[1], s[2]}), back.insert(back.end(), {s[1], s[2]});
  if (s.rank() == 4) order.insert(order.end(), {3, 4});
  return reshape(e, transpose(e, reshape(e, value(e, y.inputs[0]), table), order), back);
}

// A negative padding removes pixels.
std::string convert_shift(OnnxExport& e, const Node& y) {
  const Size2 by = size_option(y, "offset");
  const Integers pads{0, 0, by.h, by.w, 0, 0, -by.h, -by.w};
  return e.add("Pad", {value(e, y.inputs[0]), e.constant(pads)});
}

bool has_pixels(const Shape& s) { return s.rank() == 4 && s[1] * s[2] > 1; }

// The order of numbers is that of [N, H, W, C]. The first dimension is a multiple of N.
std::string convert_reshape(OnnxExport& e, const Node& y) {
  std::string x = value(e, y.inputs[0]);
  if (has_pixels(y.inputs[0].shape())) x = transpose(e, x, {0, 2, 3, 1});
  const Shape& s = y.value.shape();
  Integers to = s.dims();
  if (s.rank() == 4 && !has_pixels(s)) to = {-1, s[3], 1, 1};
  to[0] = -1;
  x = reshape(e, x, to);
  return has_pixels(s) ? transpose(e, x, {0, 3, 1, 2}) : x;
}

// In evaluation alpha is the same for all images.
std::string convert_shake(OnnxExport& e, const Node& y) {
  const double alpha = static_cast<double>(y.inputs[2]->value[0]);
  return e.add("Add", {e.add("Mul", {value(e, y.inputs[0]), e.number(alpha)}),
                       e.add("Mul", {value(e, y.inputs[1]), e.number(1 - alpha)})});
}

std::string convert_scale(OnnxExport& e, const Node& y) {
  return e.add("Mul", {value(e, y.inputs[0]), e.number(option(y, "factor")[0])});
}

std::string convert_pow(OnnxExport& e, const Node& y) {
  return e.add("Pow", {value(e, y.inputs[0]), e.number(option(y, "exponent")[0])});
}

std::string convert_leaky_relu(OnnxExport& e, const Node& y) {
  const float slope = static_cast<float>(option(y, "slope")[0]);
  return same("LeakyRelu", {{"alpha", slope}})(e, y);
}

// Its inputs: x, the first channel, the channel behind the last, and the axis.
std::string convert_slice(OnnxExport& e, const Node& y) {
  const long first = static_cast<long>(option(y, "first")[0]), channels = y.value.shape()[-1];
  return e.add("Slice", {value(e, y.inputs[0]), e.constant({first}), e.constant({first + channels}),
                         e.constant({1})});
}

std::string convert_silu(OnnxExport& e, const Node& y) {
  const std::string x = value(e, y.inputs[0]);
  return e.add("Mul", {x, e.add("Sigmoid", {x})});
}

std::string convert_gelu(OnnxExport& e, const Node& y) {
  const std::string x = value(e, y.inputs[0]),
                    erf = e.add("Erf", {e.add("Mul", {x, e.number(1 / std::numbers::sqrt2)})});
  return e.add("Mul", {e.add("Mul", {x, e.number(0.5)}), e.add("Add", {erf, e.number(1)})});
}

const std::map<std::string, Convert>& converters() {
  static const std::map<std::string, Convert> table{
      {"add", same("Add")},
      {"sub", same("Sub")},
      {"mul", same("Mul")},
      {"div", same("Div")},
      {"scale", convert_scale},
      {"relu", same("Relu")},
      {"sigmoid", same("Sigmoid")},
      {"tanh", same("Tanh")},
      {"exp", same("Exp")},
      {"log", same("Log")},
      {"sqrt", same("Sqrt")},
      {"pow", convert_pow},
      {"leaky_relu", convert_leaky_relu},
      {"hard_sigmoid", same("HardSigmoid", {{"alpha", 1.0f / 6}, {"beta", 0.5f}})},
      {"silu", convert_silu},
      {"gelu", convert_gelu},
      {"softmax", same("Softmax", {{"axis", 1}})},
      {"log_softmax", same("LogSoftmax", {{"axis", 1}})},
      {"matmul", convert_matmul},
      {"add_bias", convert_add_bias},
      {"conv2d", convert_conv2d},
      {"batch_norm_running", convert_batch_norm},
      {"max_pool2d", convert_max_pool},
      {"avg_pool2d", convert_avg_pool},
      {"adaptive_avg_pool", convert_adaptive_avg_pool},
      {"adaptive_max_pool", convert_adaptive_max_pool},
      {"global_avg_pool", global_pool("GlobalAveragePool")},
      {"global_max_pool", global_pool("GlobalMaxPool")},
      {"scale_channels", convert_scale_channels},
      {"concat_channels", convert_concat},
      {"slice_channels", convert_slice},
      {"channel_shuffle", convert_shuffle},
      {"shift", convert_shift},
      {"reshape", convert_reshape},
      {"shake", convert_shake},
  };
  return table;
}

}  // namespace

std::string add_operation(OnnxExport& to, const Node& y) {
  const auto found = converters().find(y.op);
  require(found != converters().end(), "write_onnx: ", to.layer, ": operation ", y.op, " ",
          y.value.shape(), " has no counterpart in ONNX here");
  return found->second(to, y);
}

}  // namespace excite
