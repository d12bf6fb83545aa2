// The bytes of ONNX files, and the nodes that a network becomes. onnx_runtime_test.cpp has others
// check and run such files.
#include "models/interop/onnx.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <set>

#include "layers/layer_norm.h"
#include "layers/linear.h"
#include "models/interop/onnx_file.h"
#include "models/interop/protobuf.h"
#include "models/zoo/registry.h"
#include "tests/support/child.h"
#include "tests/support/compare.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

using std::string_literals::operator""s;

TEST(Protobuf, EncodesIntegersAsVarints) {
  EXPECT_EQ(ProtobufMessage().integer(1, 0).encoded(), "\x08\x00"s);
  EXPECT_EQ(ProtobufMessage().integer(1, 127).encoded(), "\x08\x7f"s);
  EXPECT_EQ(ProtobufMessage().integer(1, 128).encoded(), "\x08\x80\x01"s);
  EXPECT_EQ(ProtobufMessage().integer(1, 300).encoded(), "\x08\xac\x02"s);
  EXPECT_EQ(ProtobufMessage().integer(3, -1).encoded(),
            "\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s);
  EXPECT_EQ(ProtobufMessage().integer(20, 7).encoded(), "\xa0\x01\x07"s) << "a key of two bytes";
}

TEST(Protobuf, EncodesFloatsBytesAndMessages) {
  EXPECT_EQ(ProtobufMessage().number(2, 1.0f).encoded(), "\x15\x00\x00\x80\x3f"s);
  EXPECT_EQ(ProtobufMessage().bytes(2, "testing").encoded(), "\x12\x07testing"s);
  EXPECT_EQ(ProtobufMessage().message(3, ProtobufMessage().integer(1, 150)).encoded(),
            "\x1a\x03\x08\x96\x01"s);
  const std::string all = ProtobufMessage().bytes(7, std::string(200, 'a')).encoded();
  EXPECT_EQ(all.substr(0, 3), "\x3a\xc8\x01"s);
  EXPECT_EQ(all.size(), 203u);
}

TEST(OnnxFile, HasTheBytesOfTheSpecification) {
  const ScratchFolder folder;
  OnnxGraph graph{.name = "g"};
  graph.nodes = {{"Add", "n", {"x", "w"}, {{"axis", 1}}, "y"}};
  graph.tensors = {{"w", {{2}, std::vector<float>{1, -2}}}};
  graph.input = {"x", {2}}, graph.output = {"y", {2}};
  write_onnx(folder / "a.onnx", graph, {{"k", "v"}}, 17);

  const auto value = [](const std::string& name) {  // name, and type { float, [N, 2] }
    return "\x0a\x01" + name + "\x12\x0f\x0a\x0d\x08\x01\x12\x09\x0a\x03\x12\x01N\x0a\x02\x08\x02"s;
  };
  const std::string attribute =
      "\x0a\x04"
      "axis\x18\x01\xa0\x01\x02"s;
  const std::string node =
      "\x0a\x01x\x0a\x01w\x12\x01y\x1a\x01n\x22\x03"
      "Add\x2a\x0b" +
      attribute;
  const std::string tensor = "\x08\x02\x10\x01\x42\x01w\x4a\x08\x00\x00\x80\x3f\x00\x00\x00\xc0"s;
  const std::string g = "\x0a\x1e"s + node + "\x12\x01g\x2a\x11" + tensor + "\x5a\x14" +
                        value("x") + "\x62\x14" + value("y");
  const std::string version = EXCITE_VERSION;
  EXPECT_EQ(get(folder / "a.onnx"),
            "\x08\x08\x12\x06"
            "excite\x1a"s +
                static_cast<char>(version.size()) + version + "\x42\x04\x0a\x00\x10\x11"s +
                "\x72\x06\x0a\x01k\x12\x01v"s + "\x3a" + static_cast<char>(g.size()) + g);
}

// ---- a reader of what is written ----

struct Field {
  long number = 0, integer = 0;
  std::string bytes{};
};

long read_varint(const std::string& all, std::size_t& i) {
  unsigned long value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(all.at(i++));
    value |= static_cast<unsigned long>(byte & 0x7f) << shift;
    if (byte < 0x80) return static_cast<long>(value);
  }
}

std::vector<Field> fields(const std::string& message) {
  std::vector<Field> all;
  for (std::size_t i = 0; i < message.size();) {
    const long key = read_varint(message, i);
    Field field{key / 8};
    if (key % 8 == 0) {
      field.integer = read_varint(message, i);
    } else {
      const long length = key % 8 == 5 ? 4 : read_varint(message, i);
      field.bytes = message.substr(i, length);
      i += length;
    }
    all.push_back(field);
  }
  return all;
}

std::vector<std::string> parts(const std::string& message, long number) {
  std::vector<std::string> found;
  for (const Field& field : fields(message))
    if (field.number == number) found.push_back(field.bytes);
  return found;
}

std::string graph_of(const std::string& path) { return parts(get(path), 7).at(0); }

// "layer1.0.se.fc1/Gemm"
std::vector<std::string> node_names(const std::string& path) {
  std::vector<std::string> names;
  for (const std::string& node : parts(graph_of(path), 1)) names.push_back(parts(node, 3).at(0));
  return names;
}

std::vector<float> tensor_in(const std::string& path, const std::string& name) {
  for (const std::string& tensor : parts(graph_of(path), 5))
    if (parts(tensor, 8).at(0) == name) {
      const std::string raw = parts(tensor, 9).at(0);
      std::vector<float> numbers(raw.size() / sizeof(float));
      std::memcpy(numbers.data(), raw.data(), raw.size());
      return numbers;
    }
  ADD_FAILURE() << "there is no tensor " << name;
  return {};
}

TrainedModel trained(Model model) {
  std::vector<std::string> classes;
  for (long i = 0; i < model.classes; i++) classes.push_back(text("<", i, ">"));
  return {std::move(model), {classes, {0.4, 0.5, 0.6}, {0.2, 0.25, 0.5}}, ""};
}

struct Onnx : testing::Test {
  ScratchFolder folder;
  const std::string file = folder / "net.onnx";
  Rng rng{3};
};

TEST_F(Onnx, NamesNodesByLayerInTheOrderOfTheDefinition) {
  write_onnx(file, trained(make_model("se_resnet8", {}, 4, rng)));
  const std::vector<std::string> names = node_names(file);
  const auto first = std::find(names.begin(), names.end(), "layer1.0.bn2/GlobalAveragePool");
  ASSERT_LE(9, names.end() - first);
  EXPECT_EQ(std::vector<std::string>(first - 2, first + 9),
            (std::vector<std::string>{
                "layer1.0.conv2/Conv", "layer1.0.bn2/BatchNormalization",
                "layer1.0.bn2/GlobalAveragePool", "layer1.0.bn2/Flatten", "layer1.0.se.fc1/Gemm",
                "layer1.0.se.fc1/Relu", "layer1.0.se.fc2/Gemm", "layer1.0.se.fc2/Sigmoid",
                "layer1.0.bn2/Unsqueeze", "layer1.0.bn2/Mul", "layer1.0.bn2/Add"}));
  EXPECT_EQ(names.front(), "normalization/Sub");
  EXPECT_EQ(names.back(), "fc/Gemm");
}

TEST_F(Onnx, HasTheWeightsAndTheMetadataOfAFileOfWeights) {
  const TrainedModel model = trained(make_model("se_resnet8", {}, 4, rng));
  write_onnx(file, model);
  for (const auto& [name, in_memory] : state_of(model.model.module())) {
    const Tensor expected = to_file(*in_memory);
    const std::vector<float> numbers = tensor_in(file, name);
    ASSERT_EQ(std::ssize(numbers), expected.size()) << name;
    for (long i = 0; i < expected.size(); i++)
      ASSERT_EQ(numbers[i], static_cast<float>(expected[i])) << name;
  }
  EXPECT_EQ(tensor_in(file, "normalization/mean"), (std::vector<float>{0.4f, 0.5f, 0.6f}));
  std::map<std::string, std::string> metadata;
  for (const std::string& entry : parts(get(file), 14))
    metadata[parts(entry, 1).at(0)] = parts(entry, 2).at(0);
  EXPECT_EQ(metadata["classes"], "[\"<0>\",\"<1>\",\"<2>\",\"<3>\"]");
  EXPECT_EQ(metadata["mean"], "[0.0,0.0,0.0]") << "images are not to be normalized again";
}

TEST_F(Onnx, FoldsBatchNormIntoTheConvolutionBeforeIt) {
  const TrainedModel model = trained(make_model("se_resnet8", {}, 4, rng));
  write_onnx(file, model, {.softmax = true, .fold_batch_norm = true});
  const std::vector<std::string> names = node_names(file);
  EXPECT_EQ(std::count(names.begin(), names.end(), "layer1.0.bn2/BatchNormalization"), 0);
  EXPECT_EQ(names.back(), "probabilities/Softmax");
  const Tensor w = to_file(*state_of(model.model.module()).front().second);
  const std::vector<float> folded = tensor_in(file, "bn1/folded_weight");
  const double a = 1 / std::sqrt(1 + batch_norm_eps);  // of new layers: gamma 1, var 1
  EXPECT_NEAR(folded[0], a * static_cast<double>(w[0]), 1e-6);
}

TEST(EveryModel, BecomesAnOnnxFile) {
  const ScratchFolder folder;
  std::set<std::string> written;
  for (const ModelEntry& entry : model_list()) {
    if (!written.insert(entry.small_variant).second) continue;
    Rng rng(1);
    Model model = make_model(entry.small_variant, {}, 4, rng);
    const long side = std::max(32l, model.min_image_size);
    EXPECT_NO_THROW(
        write_onnx(folder / "net.onnx", trained(std::move(model)), {.image_size = side}))
        << entry.small_variant;
  }
}

struct NormalizedPixels : Module {
  LayerNorm norm;
  Linear fc;
  explicit NormalizedPixels(Rng& rng)
      : norm(own("norm", LayerNorm(3))), fc(own("fc", Linear(3, 2, rng))) {}
  Var operator()(const Var& x) const { return fc(global_avg_pool(norm(x))); }
};

TEST_F(Onnx, RefusesOperationsWithoutCounterpartAndOptionsOutOfRange) {
  const TrainedModel own =
      trained(as_model(NormalizedPixels(rng), {.name = "own", .classes = 2, .image_size = 4}));
  EXPECT_TRUE(fails_saying([&] { write_onnx(file, own); },
                           {"norm: operation layer_norm [1, 4, 4, 3]", "no counterpart in ONNX"}));
  const TrainedModel model = trained(make_model("small_resnet", {}, 4, rng));
  EXPECT_TRUE(fails_saying<UsageError>([&] { write_onnx(file, model, {.opset = 12}); },
                                       {"opset 12: expected 13 to 18"}));
  EXPECT_TRUE(fails_saying([&] { write_onnx(file, model, {.image_size = 1 << 20}); },
                           {"small_resnet on an image of 1048576x1048576 pixels", "memory"}));
  EXPECT_TRUE(folder.files().empty());
}

TEST_F(Onnx, CommandSaysWhatItWroteAndWhatItExpects) {
  const TrainedModel model = trained(make_model("se_resnet20", {}, 4, rng));
  const std::string weights = folder / "w.safetensors";
  save_tensors(weights, describe(model.model, {model.preprocessing.classes, {}, {1, 1, 1}, 32, 40}),
               state_of(model.model.module()));
  const Ending ending = excite_program({"export", "--weights", weights, "--out", file});
  EXPECT_EQ(ending.code, 0) << ending.err;
  EXPECT_EQ(ending.out, file +
                            ": se_resnet20, 4 classes; input: images [N, 3, 32, 32], RGB from 0 "
                            "to 1; output: logits\n");
  const std::vector<std::string> names = node_names(file);
  EXPECT_EQ(std::count(names.begin(), names.end(), "layer3.2.se.fc1/Gemm"), 1);
  expect_failure(excite_program({"export", "--weights", weights, "--out", folder / "net.pb"}), 2,
                 {"net.pb", "ends in .onnx"});
}

}  // namespace
}  // namespace excite
