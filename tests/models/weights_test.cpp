#include "models/weights.h"

#include "tests/compare.h"
#include "tests/core/files/scratch.h"

namespace excite {
namespace {

Model drawn(const std::string& name, long seed, const Settings& options = {}) {
  Rng rng(seed);
  return make_model(name, options, 10, rng);
}

const Purpose purpose{{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}, {0.1, 0.2, 1.0 / 3}, {0.25, 0.5, 0.75}};

std::string saved(const ScratchFolder& folder, const Model& model) {
  const std::string path = folder / "model.safetensors";
  save_tensors(path, describe(model, purpose), state_of(model.module));
  return path;
}

std::vector<Tensor> copy_of(const Model& model) {
  std::vector<Tensor> all;
  for (const auto& [name, tensor] : state_of(model.module)) all.push_back(tensor->clone());
  return all;
}

void expect_same(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); i++) EXPECT_TRUE(same_bits(a[i], b[i])) << "tensor " << i;
}

TEST(Weights, AModelComesBackFromItsFileWithTheSameBits) {
  const ScratchFolder folder;
  const Model model = drawn("se_resnet8", 1, {{"reduction", "4"}, {"shortcut", "A"}});
  const TrainedModel loaded = load_model(SafetensorsFile(saved(folder, model)));
  EXPECT_EQ(loaded.model.name, "se_resnet8");
  EXPECT_EQ(loaded.model.options, model.options);
  EXPECT_EQ(loaded.purpose.classes, purpose.classes);
  EXPECT_EQ(loaded.purpose.mean, purpose.mean);
  EXPECT_EQ(loaded.purpose.deviation, purpose.deviation);
  expect_same(copy_of(loaded.model), copy_of(model));
}

TEST(Weights, AreInPyTorchsLayoutAndUnderTimmsNames) {
  const ScratchFolder folder;
  const Model model = drawn("se_resnet8", 2);
  const SafetensorsFile file(saved(folder, model));
  for (const char* name : {"conv1.weight", "bn1.running_mean", "layer1.0.se.fc1.weight", "layer2.0.downsample.0.weight", "fc.bias"})
    EXPECT_TRUE(file.contains(name)) << name;
  EXPECT_EQ(file.entry("layer2.0.conv1.weight").dims, (std::vector<long>{32, 16, 3, 3}));
  EXPECT_EQ(file.entry("fc.weight").dims, (std::vector<long>{10, 64}));
  for (const auto& [name, tensor] : state_of(model.module)) {
    const Tensor in_file = file.read(name);
    const Shape& s = tensor->shape();
    if (s.rank() == 4) {
      for (long r = 0; r < s[0]; r++)
        for (long q = 0; q < s[1]; q++)
          for (long c = 0; c < s[2]; c++)
            for (long k = 0; k < s[3]; k++)
              ASSERT_EQ(in_file[((k * s[2] + c) * s[0] + r) * s[1] + q], (*tensor)[((r * s[1] + q) * s[2] + c) * s[3] + k]) << name;
    }
    if (s.rank() == 2) {
      for (long i = 0; i < s[0]; i++)
        for (long o = 0; o < s[1]; o++) ASSERT_EQ(in_file[o * s[0] + i], (*tensor)[i * s[1] + o]) << name;
    }
  }
}

TEST(Weights, OneErrorListsAllThatDoesNotFitAndNothingIsLoaded) {
  const ScratchFolder folder;
  const Model model = drawn("se_resnet8", 3), other = drawn("se_resnet8", 4);
  const std::vector<Tensor> before = copy_of(other);
  NamedTensors tensors = state_of(model.module);
  Tensor narrow = zeros({63, 10}), extra = zeros({1});
  for (auto& [name, tensor] : tensors) {
    if (name == "bn1.bias") name = "bn7.bias";
    if (name == "fc.weight") tensor = &narrow;
  }
  tensors.emplace_back("optimizer.momentum.fc.bias", &extra);
  const std::string path = folder / "wrong.safetensors";
  save_tensors(path, {}, tensors);
  const auto load = [&](const std::string& ignored) {
    return [&, ignored] { load_tensors(SafetensorsFile(path), state_of(other.module), ignored); };
  };
  EXPECT_TRUE(fails_saying<FileError>(load("optimizer."), {path, "missing: bn1.bias", "too many: bn7.bias", "fc.weight [10, 63] instead of [10, 64]"}));
  EXPECT_TRUE(fails_saying<FileError>(load(""), {"too many: bn7.bias, optimizer.momentum.fc.bias"}));
  expect_same(copy_of(other), before);
}

TEST(Weights, CountersThatPyTorchWritesAreNotInTheWay) {
  const ScratchFolder folder;
  const Model model = drawn("resnet8", 5), other = drawn("resnet8", 6);
  NamedTensors tensors = state_of(model.module);
  Tensor count = zeros({});
  tensors.emplace_back("bn1.num_batches_tracked", &count);
  save_tensors(folder / "pytorch.safetensors", {}, tensors);
  load_tensors(SafetensorsFile(folder / "pytorch.safetensors"), state_of(other.module));
  expect_same(copy_of(other), copy_of(model));
}

TEST(Weights, AForeignOrDamagedDescriptionIsAnErrorThatNamesTheFile) {
  const ScratchFolder folder;
  const Model model = drawn("se_resnet8", 7);
  const std::string path = folder / "foreign.safetensors";
  const auto load_with = [&](const std::string& key, const std::string& value) {
    return [&, key, value] {
      Metadata metadata = describe(model, purpose);
      value.empty() ? void(metadata.erase(key)) : void(metadata[key] = value);
      save_tensors(path, metadata, state_of(model.module));
      load_model(SafetensorsFile(path));
    };
  };
  EXPECT_TRUE(fails_saying<FileError>(load_with("model", ""), {path, "no entry 'model'"}));
  EXPECT_TRUE(fails_saying<FileError>(load_with("model", "se_resnet21"), {path, "there is no model 'se_resnet21'"}));
  EXPECT_TRUE(fails_saying<FileError>(load_with("options", "{\"reduction\":16}"), {path, "'options'"}));
  EXPECT_TRUE(fails_saying<FileError>(load_with("options", "{\"reduction\":\"-1\"}"), {path, "reduction=-1"}));
  EXPECT_TRUE(fails_saying<FileError>(load_with("classes", "[1,2"), {path, "'classes'"}));
  EXPECT_TRUE(fails_saying<FileError>(load_with("classes", "[\"only\",\"two\"]"), {path, "fc.weight [10, 64] instead of [2, 64]"}));
  EXPECT_TRUE(fails_saying<FileError>(load_with("mean", "[0,0,1e999]"), {path, "'mean'"}));
  EXPECT_TRUE(fails_saying<FileError>(load_with("deviation", "[1,0,1]"), {path, "deviation 0"}));
}

}  // namespace
}  // namespace excite
