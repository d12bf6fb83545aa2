#include "models/interop/onnx_file.h"

#include <bit>

#include "core/files/atomic_file.h"
#include "models/interop/protobuf.h"

namespace excite {

namespace {

static_assert(std::endian::native == std::endian::little, "raw_data is little-endian");

enum DataType { float32 = 1, int64 = 7 };                            // TensorProto.DataType
enum AttributeType { type_float = 1, type_int = 2, type_ints = 7 };  // AttributeProto.AttributeType

ProtobufMessage attribute_proto(const std::string& name, const OnnxAttribute& value) {
  ProtobufMessage m;
  m.bytes(1, name);
  if (const auto* f = std::get_if<float>(&value)) return m.number(2, *f).integer(20, type_float);
  if (const auto* i = std::get_if<std::int64_t>(&value))
    return m.integer(3, *i).integer(20, type_int);
  for (const std::int64_t i : std::get<std::vector<std::int64_t>>(value)) m.integer(8, i);
  return m.integer(20, type_ints);
}

ProtobufMessage node_proto(const OnnxNode& node) {
  ProtobufMessage m;
  for (const std::string& input : node.inputs) m.bytes(1, input);
  m.bytes(2, node.output.empty() ? node.name : node.output).bytes(3, node.name).bytes(4, node.op);
  for (const auto& [name, value] : node.attributes) m.message(5, attribute_proto(name, value));
  return m;
}

template <class Number>
std::string_view raw(const std::vector<Number>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number)};
}

ProtobufMessage tensor_proto(const std::string& name, const OnnxTensor& tensor) {
  ProtobufMessage m;
  for (const std::int64_t dim : tensor.dims) m.integer(1, dim);
  const auto* floats = std::get_if<std::vector<float>>(&tensor.numbers);
  m.integer(2, floats ? float32 : int64).bytes(8, name);
  return m.bytes(9,
                 floats ? raw(*floats) : raw(std::get<std::vector<std::int64_t>>(tensor.numbers)));
}

ProtobufMessage value_info_proto(const OnnxGraph::Value& value) {
  ProtobufMessage shape, tensor, type, m;
  shape.message(1, ProtobufMessage().bytes(2, "N"));  // dim_param: any number
  for (const std::int64_t dim : value.dims) shape.message(1, ProtobufMessage().integer(1, dim));
  tensor.integer(1, float32).message(2, shape);
  type.message(1, tensor);
  return m.bytes(1, value.name).message(2, type);
}

}  // namespace

// The graph is the largest part, with all weights. It is written as the last field, without a copy
// in the message around it.
void write_onnx(const std::string& path, const OnnxGraph& graph,
                const std::map<std::string, std::string>& metadata, long opset) {
  ProtobufMessage g;
  for (const OnnxNode& node : graph.nodes) g.message(1, node_proto(node));
  g.bytes(2, graph.name);
  for (const auto& [name, tensor] : graph.tensors) g.message(5, tensor_proto(name, tensor));
  g.message(11, value_info_proto(graph.input)).message(12, value_info_proto(graph.output));

  constexpr long ir_version = 8;  // of the messages; it suits operators of versions 15 to 18
  ProtobufMessage model;
  model.integer(1, ir_version).bytes(2, "excite").bytes(3, EXCITE_VERSION);
  model.message(8, ProtobufMessage().bytes(1, "").integer(2, opset));
  for (const auto& [key, value] : metadata)
    model.message(14, ProtobufMessage().bytes(1, key).bytes(2, value));
  model.begin_bytes(7, g.encoded().size());
  write_atomically(path, [&](FileWriter& file) {
    file.write(model.encoded());
    file.write(g.encoded());
  });
}

}  // namespace excite
