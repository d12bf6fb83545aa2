// Every operation has the same value and gradients as in PyTorch, for all cases in
// tests/golden/ops.safetensors.
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "autograd/ops.h"
#include "core/text.h"
#include "tests/golden/vectors.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

// Relative to the largest number of a tensor. A float gradient is a sum of many rounded terms that
// may nearly cancel.
constexpr double tolerance = in_double_build ? 1e-9 : 1e-5,
                 grad_tolerance = in_double_build ? 1e-9 : 1e-4;

const SafetensorsFile& vectors() {
  static const SafetensorsFile file = golden::open("ops.safetensors");
  return file;
}

// A case "conv2d/3x3..." with its inputs, and its attributes from the text "stride=2x1 pad=1x1".
struct Case {
  std::string name, op;
  std::map<std::string, Var> inputs;
  std::map<std::string, std::string> attributes;

  const Var& operator[](const std::string& input) const { return inputs.at(input); }
  long number(const std::string& key) const { return std::stol(attributes.at(key)); }
  real factor(const std::string& key) const {
    return static_cast<real>(std::stod(attributes.at(key)));
  }
  std::vector<int> numbers(const std::string& key) const {
    std::vector<int> all;
    for (const std::string& word : split(attributes.at(key), ',')) all.push_back(std::stoi(word));
    return all;
  }
  Size2 size(const std::string& key) const {
    const std::vector<std::string> sides = split(attributes.at(key), 'x');
    return {std::stol(sides.at(0)), std::stol(sides.at(1))};
  }
};

using Op = std::function<Var(const Case&)>;

Pool2dOptions pool_options(const Case& c) {
  Pool2dOptions o{.kernel = c.size("kernel"),
                  .stride = c.size("stride"),
                  .pad = c.size("pad"),
                  .ceil = c.number("ceil") == 1};
  if (c.attributes.contains("count_padding")) o.count_padding = c.number("count_padding") == 1;
  return o;
}

Var binary(const Case& c, Var (*op)(const Var&, const Var&)) {
  return op(c["a"], c.inputs.contains("b") ? c["b"] : c["a"]);
}

Var concat(const Case& c) {
  std::vector<Var> parts;
  for (const auto& [name, part] : c.inputs) parts.push_back(part);
  return concat_channels(parts);
}

Var reshaped(const Case& c) {
  const std::vector<int> dims = c.numbers("shape");
  return reshape(c["x"], Shape(std::vector<long>(dims.begin(), dims.end())));
}

Var cross_entropy_of(const Case& c) {
  if (c.inputs.contains("targets")) return cross_entropy(c["x"], c["targets"]->value);
  if (c.inputs.contains("weights"))
    return cross_entropy(c["x"], c.numbers("labels"), c["weights"]->value, c.factor("smoothing"));
  return cross_entropy(c["x"], c.numbers("labels"), c.factor("smoothing"));
}

const std::map<std::string, Op>& ops() {
  static const std::map<std::string, Op> table{
      {"add", [](const Case& c) { return binary(c, add); }},
      {"sub", [](const Case& c) { return binary(c, sub); }},
      {"mul", [](const Case& c) { return binary(c, mul); }},
      {"div", [](const Case& c) { return binary(c, div); }},
      {"scale", [](const Case& c) { return scale(c["x"], c.factor("factor")); }},
      {"relu", [](const Case& c) { return relu(c["x"]); }},
      {"sigmoid", [](const Case& c) { return sigmoid(c["x"]); }},
      {"tanh", [](const Case& c) { return tanh(c["x"]); }},
      {"exp", [](const Case& c) { return exp(c["x"]); }},
      {"log", [](const Case& c) { return log(c["x"]); }},
      {"sqrt", [](const Case& c) { return sqrt(c["x"]); }},
      {"pow", [](const Case& c) { return pow(c["x"], c.factor("exponent")); }},
      {"leaky_relu", [](const Case& c) { return leaky_relu(c["x"], c.factor("slope")); }},
      {"slice_channels",
       [](const Case& c) { return slice_channels(c["x"], c.number("first"), c.number("count")); }},
      {"hard_sigmoid", [](const Case& c) { return hard_sigmoid(c["x"]); }},
      {"silu", [](const Case& c) { return silu(c["x"]); }},
      {"gelu", [](const Case& c) { return gelu(c["x"]); }},
      {"matmul", [](const Case& c) { return matmul(c["a"], c["b"]); }},
      {"add_bias", [](const Case& c) { return add_bias(c["x"], c["b"]); }},
      {"linear", [](const Case& c) { return linear(c["x"], c["w"], c["b"]); }},
      {"embedding", [](const Case& c) { return embedding(c["table"], c.numbers("indices")); }},
      {"conv2d",
       [](const Case& c) {
         const Size2 stride = c.size("stride"), pad = c.size("pad"), dilation = c.size("dilation");
         return conv2d(
             c["x"], c["w"],
             {.stride = stride, .pad = pad, .dilation = dilation, .groups = c.number("groups")});
       }},
      {"batch_norm",
       [](const Case& c) {
         return batch_norm(c["x"], c["gamma"], c["beta"], c["running_mean"], c["running_var"]);
       }},
      {"batch_norm_running",
       [](const Case& c) {
         return batch_norm_running(c["x"], c["gamma"], c["beta"], c["running_mean"],
                                   c["running_var"]);
       }},
      {"layer_norm",
       [](const Case& c) {
         return layer_norm(c["x"], c["gamma"], c["beta"], std::stod(c.attributes.at("eps")));
       }},
      {"max_pool2d", [](const Case& c) { return max_pool2d(c["x"], pool_options(c)); }},
      {"avg_pool2d", [](const Case& c) { return avg_pool2d(c["x"], pool_options(c)); }},
      {"adaptive_avg_pool",
       [](const Case& c) { return adaptive_avg_pool(c["x"], c.size("cells")); }},
      {"adaptive_max_pool",
       [](const Case& c) { return adaptive_max_pool(c["x"], c.size("cells")); }},
      {"global_avg_pool", [](const Case& c) { return global_avg_pool(c["x"]); }},
      {"global_max_pool", [](const Case& c) { return global_max_pool(c["x"]); }},
      {"scale_channels", [](const Case& c) { return scale_channels(c["u"], c["s"]); }},
      {"concat_channels", concat},
      {"channel_shuffle",
       [](const Case& c) { return channel_shuffle(c["x"], c.number("groups")); }},
      {"reshape", reshaped},
      {"sum", [](const Case& c) { return sum(c["x"]); }},
      {"mean", [](const Case& c) { return mean(c["x"]); }},
      {"softmax", [](const Case& c) { return softmax(c["x"]); }},
      {"log_softmax", [](const Case& c) { return log_softmax(c["x"]); }},
      {"cross_entropy", cross_entropy_of},
      {"mse_loss", [](const Case& c) { return mse_loss(c["x"], c["targets"]->value); }},
      {"bce_with_logits",
       [](const Case& c) { return bce_with_logits(c["x"], c["targets"]->value); }},
  };
  return table;
}

// A tensor of the case, "x", "y", "dy" or the gradient "dx", converted from PyTorch's layout.
Tensor tensor(const Case& c, const std::string& name) {
  const Tensor torch = vectors().read(c.name + "/" + name);
  const bool weight = name == "w" || name == "dw";
  if (weight && c.op == "linear") return golden::to_ours(torch, golden::Layout::linear_weight);
  if (weight) return golden::to_ours(torch, golden::Layout::conv_weight);
  return golden::to_ours(torch,
                         torch.shape().rank() == 4 ? golden::Layout::images : golden::Layout::same);
}

std::vector<Case> cases_of(const std::string& op) {
  std::vector<Case> cases;
  for (const auto& [name, attributes] : vectors().metadata()) {
    if (!name.starts_with(op + "/")) continue;
    Case c{name, op, {}, {}};
    for (const std::string& word : split(attributes, ' '))
      c.attributes[word.substr(0, word.find('='))] = word.substr(word.find('=') + 1);
    std::set<std::string> present;
    for (const std::string& tensor : vectors().names())
      if (tensor.starts_with(name + "/")) present.insert(tensor.substr(name.size() + 1));
    for (const std::string& input : present) {
      if (input == "y" || input == "dy" || input.ends_with("_after") ||
          (input.starts_with("d") && present.contains(input.substr(1))))
        continue;
      c.inputs[input] =
          present.contains("d" + input) ? parameter(tensor(c, input)) : Var(tensor(c, input));
    }
    cases.push_back(std::move(c));
  }
  return cases;
}

class GoldenOp : public testing::TestWithParam<std::string> {};

TEST_P(GoldenOp, MatchesValueAndGradientsOfPyTorch) {
  const std::vector<Case> cases = cases_of(GetParam());
  EXPECT_GE(cases.size(), 2u);
  for (const Case& c : cases) {
    const Var y = ops().at(c.op)(c);
    EXPECT_TRUE(close(y->value, tensor(c, "y"), tolerance)) << c.name << ": y";
    backward(y, tensor(c, "dy"));
    for (const auto& [name, input] : c.inputs) {
      if (input.requires_grad()) {
        EXPECT_TRUE(close(input->grad, tensor(c, "d" + name), grad_tolerance))
            << c.name << ": d" << name;
      } else if (name.starts_with("running")) {
        EXPECT_TRUE(close(input->value, tensor(c, name + "_after"), tolerance))
            << c.name << ": " << name << " afterwards";
      }
    }
  }
}

std::vector<std::string> names_of_ops() {
  std::vector<std::string> names;
  for (const auto& [name, op] : ops()) names.push_back(name);
  return names;
}
INSTANTIATE_TEST_SUITE_P(, GoldenOp, testing::ValuesIn(names_of_ops()),
                         [](const auto& op) { return op.param; });

TEST(GoldenOps, HaveATestForEveryCaseInTheFile) {
  EXPECT_EQ(vectors().metadata().size(), 275u);
  for (const auto& [name, attributes] : vectors().metadata())
    EXPECT_TRUE(ops().contains(name.substr(0, name.find('/')))) << name;
}

}  // namespace
}  // namespace excite
