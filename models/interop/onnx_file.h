// An ONNX file: a graph of nodes, and the tensors that they use. The fields of its messages are
// those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace excite {

// A value of an attribute: an integer, a float, or integers.
using OnnxAttribute = std::variant<std::int64_t, float, std::vector<std::int64_t>>;

// With their names.
using OnnxAttributes = std::vector<std::pair<std::string, OnnxAttribute>>;

struct OnnxNode {
  std::string op;                   // Conv
  std::string name;                 // layer1.0.conv1/Conv
  std::vector<std::string> inputs;  // names of outputs, of tensors, or of the graph's input
  OnnxAttributes attributes{};
  std::string output{};  // if it is not the name
};

// A constant: floats, or 64-bit integers.
struct OnnxTensor {
  std::vector<std::int64_t> dims;
  std::variant<std::vector<float>, std::vector<std::int64_t>> numbers;
};

struct OnnxGraph {
  std::string name;
  std::vector<OnnxNode> nodes{};  // each after those whose outputs it reads
  std::map<std::string, OnnxTensor> tensors{};
  // The input and the output, floats. Their first dimension is the size of the batch, any number;
  // `dims` are the others.
  struct Value {
    std::string name;
    std::vector<std::int64_t> dims;
  };
  Value input{}, output{};
};

// Writes the file atomically. `metadata` is a list of names with values. `opset` is the version of
// the operators.
void write_onnx(const std::string& path, const OnnxGraph& graph,
                const std::map<std::string, std::string>& metadata, long opset);

}  // namespace excite
