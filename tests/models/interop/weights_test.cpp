#include "models/interop/weights.h"

#include "tests/models/interop/saved_models.h"

namespace excite {
namespace {

TEST(Weights, SavingAndLoadingPreservesEveryBit) {
  const ScratchFolder folder;
  const Model model = drawn("se_resnet8", 1, {{"reduction", "4"}, {"shortcut", "A"}});
  const TrainedModel loaded = load_model(SafetensorsFile(saved(folder, model)));
  EXPECT_EQ(loaded.model.name, "se_resnet8");
  EXPECT_EQ(loaded.model.options, model.options);
  EXPECT_EQ(loaded.preprocessing.classes, preprocessing.classes);
  EXPECT_EQ(loaded.preprocessing.mean, preprocessing.mean);
  EXPECT_EQ(loaded.preprocessing.deviation, preprocessing.deviation);
  expect_same(copy_of(loaded.model), copy_of(model));
}

TEST(Weights, AreSavedInPyTorchsLayoutUnderTimmsNames) {
  const ScratchFolder folder;
  const Model model = drawn("se_resnet8", 2);
  const SafetensorsFile file(saved(folder, model));
  for (const char* name : {"conv1.weight", "bn1.running_mean", "layer1.0.se.fc1.weight",
                           "layer2.0.downsample.0.weight", "fc.bias"})
    EXPECT_TRUE(file.contains(name)) << name;
  EXPECT_EQ(file.entry("layer2.0.conv1.weight").dims, (std::vector<long>{32, 16, 3, 3}));
  EXPECT_EQ(file.entry("fc.weight").dims, (std::vector<long>{10, 64}));
  for (const auto& [name, tensor] : state_of(model.module())) {
    const Tensor in_file = file.read(name);
    const Shape& s = tensor->shape();
    if (s.rank() == 4) {
      for (long r = 0; r < s[0]; r++)
        for (long q = 0; q < s[1]; q++)
          for (long c = 0; c < s[2]; c++)
            for (long k = 0; k < s[3]; k++)
              ASSERT_EQ(in_file[((k * s[2] + c) * s[0] + r) * s[1] + q],
                        (*tensor)[((r * s[1] + q) * s[2] + c) * s[3] + k])
                  << name;
    }
    if (s.rank() == 2) {
      for (long i = 0; i < s[0]; i++)
        for (long o = 0; o < s[1]; o++)
          ASSERT_EQ(in_file[o * s[0] + i], (*tensor)[i * s[1] + o]) << name;
    }
  }
}

TEST(Weights, OneErrorListsAllMismatchesAndNothingIsLoaded) {
  const ScratchFolder folder;
  const Model model = drawn("se_resnet8", 3), other = drawn("se_resnet8", 4);
  const std::vector<Tensor> before = copy_of(other);
  NamedTensors tensors = state_of(model.module());
  Tensor narrow = zeros({63, 10}), extra = zeros({1});
  for (auto& [name, tensor] : tensors) {
    if (name == "bn1.bias") name = "bn7.bias";
    if (name == "fc.weight") tensor = &narrow;
  }
  tensors.emplace_back("optimizer.momentum.fc.bias", &extra);
  const std::string path = folder / "wrong.safetensors";
  save_tensors(path, {}, tensors);
  const auto load = [&](const std::string& ignored) {
    return [&, ignored] { load_tensors(SafetensorsFile(path), state_of(other.module()), ignored); };
  };
  EXPECT_TRUE(fails_saying<FileError>(load("optimizer."),
                                      {path, "missing: bn1.bias", "unexpected: bn7.bias",
                                       "wrong shape: fc.weight [10, 63] instead of [10, 64]"}));
  EXPECT_TRUE(
      fails_saying<FileError>(load(""), {"unexpected: bn7.bias, optimizer.momentum.fc.bias"}));
  expect_same(copy_of(other), before);
}

// Weights come first in the list.
TEST(Weights, AnErrorListsAtMostFiveNamesOfAKind) {
  const ScratchFolder folder;
  const Model model = drawn("resnet8", 3);
  Tensor x = zeros({1});
  NamedTensors tensors{{"fc.bias", state_of(model.module()).back().second}};
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g.weight"})
    tensors.emplace_back(name, &x);
  save_tensors(folder / "few", {}, tensors);
  EXPECT_TRUE(fails_saying<FileError>(
      [&] { load_tensors(SafetensorsFile(folder / "few"), state_of(model.module())); },
      {"; missing: bn1.weight, conv1.weight, fc.weight, layer1.0.bn1.weight, layer1.0.bn2.weight "
       "and "
       "41 more; ",
       "; unexpected: g.weight, a, b, c, d and 2 more"}));
}

TEST(Weights, PyTorchsCountersAreIgnored) {
  const ScratchFolder folder;
  const Model model = drawn("resnet8", 5), other = drawn("resnet8", 6);
  NamedTensors tensors = state_of(model.module());
  Tensor count = zeros({});
  tensors.emplace_back("bn1.num_batches_tracked", &count);
  save_tensors(folder / "pytorch.safetensors", {}, tensors);
  load_tensors(SafetensorsFile(folder / "pytorch.safetensors"), state_of(other.module()));
  expect_same(copy_of(other), copy_of(model));
}

TEST(Weights, InvalidMetadataIsAnErrorThatNamesTheFile) {
  const ScratchFolder folder;
  const Model model = drawn("se_resnet8", 7);
  const std::string path = folder / "foreign.safetensors";
  const auto load_with = [&](const std::string& key, const std::string& value) {
    return [&, key, value] {
      Metadata metadata = describe(model, preprocessing);
      value.empty() ? void(metadata.erase(key)) : void(metadata[key] = value);
      save_tensors(path, metadata, state_of(model.module()));
      load_model(SafetensorsFile(path));
    };
  };
  EXPECT_TRUE(fails_saying<FileError>(load_with("model", ""), {path, "no entry 'model'"}));
  EXPECT_TRUE(fails_saying<FileError>(load_with("model", "se_resnet21"),
                                      {path, "there is no model 'se_resnet21'"}));
  EXPECT_TRUE(
      fails_saying<FileError>(load_with("options", "{\"reduction\":16}"), {path, "'options'"}));
  EXPECT_TRUE(fails_saying<FileError>(load_with("options", "{\"reduction\":\"-1\"}"),
                                      {path, "reduction=-1"}));
  EXPECT_TRUE(fails_saying<FileError>(load_with("classes", "[1,2"), {path, "'classes'"}));
  EXPECT_TRUE(fails_saying<FileError>(load_with("classes", "[\"only\",\"two\"]"),
                                      {path, "fc.weight [10, 64] instead of [2, 64]"}));
  EXPECT_TRUE(fails_saying<FileError>(load_with("mean", "[0,0,1e999]"), {path, "'mean'"}));
  EXPECT_TRUE(fails_saying<FileError>(load_with("deviation", "[1,0,1]"), {path, "deviation 0"}));
  for (const char* size : {"1e300", "true", "-3"})
    EXPECT_TRUE(fails_saying<FileError>(
        load_with("image_size", size),
        {path, text("'image_size' is '", size, "', expected a whole number")}));
  for (const std::string key : {"image_size", "options", "classes", "mean"})
    EXPECT_TRUE(fails_saying<FileError>(load_with(key, std::string(50'000, '[')),
                                        {path, key, "more than 8 levels deep"}));
  EXPECT_TRUE(fails_saying<FileError>(load_with("image_size", "0"), {path, "image_size is 0"}));
  EXPECT_TRUE(fails_saying<FileError>(load_with("short_side", "1"),
                                      {path, "image_size is 32 and its short_side 1"}));
  EXPECT_TRUE(fails_saying<FileError>(load_with("short_side", "13378"),
                                      {path, "short_side 13378", "at most 178956970 pixels"}));
}

// The mistake is on the command line, not in the file.
TEST(Weights, AnInvalidModelOverrideIsAUsageError) {
  const ScratchFolder folder;
  const std::string path = folder / "weights.safetensors";
  const Model model = drawn("se_resnet8", 7);
  save_tensors(path, describe(model, preprocessing), state_of(model.module()));
  const auto load_as = [&](const ModelOverride& overrides) {
    return [&, overrides] { load_model(SafetensorsFile(path), overrides); };
  };
  EXPECT_TRUE(
      fails_saying<UsageError>(load_as({"resnet5O", {}}), {"there is no model 'resnet5O'"}));
  EXPECT_TRUE(fails_saying<UsageError>(load_as({"", {{"gate", "foo"}}}), {"gate=foo"}));
}

// ---- older and newer formats ----

// The folder tests/golden/run-0.1.0 was written by excite 0.1.0: its metadata says picture_size,
// and no format.
TEST(Weights, AFileOfExcite010IsRead) {
  const SafetensorsFile file("tests/golden/run-0.1.0/last.safetensors");
  ASSERT_FALSE(file.metadata().contains("excite_format"));
  EXPECT_EQ(format_of(file), 1);
  const TrainedModel loaded = load_model(file);
  EXPECT_EQ(loaded.model.name, "small_resnet");
  EXPECT_EQ(loaded.preprocessing.classes,
            (std::vector<std::string>{"disc", "ring", "crescent", "square", "frame", "triangle",
                                      "cross", "star", "stripes", "checkerboard"}));
  EXPECT_EQ(loaded.preprocessing.image_size, 32);
  EXPECT_EQ(loaded.preprocessing.short_side, 32);
  EXPECT_EQ(loaded.origin, "");
  const Tensor bias = file.read("fc.bias");
  EXPECT_TRUE(same_bits(loaded.model.module().state().back().var->value, bias));
}

TEST(Weights, AFileOfANewerFormatIsRefused) {
  const ScratchFolder folder;
  const Model model = drawn("se_resnet8", 7);
  Metadata metadata = describe(model, preprocessing);
  EXPECT_EQ(metadata.at("excite_format"), "2");
  metadata["excite_format"] = "3";
  save_tensors(folder / "newer", metadata, state_of(model.module()));
  const auto is_refused = [&] {
    return fails_saying<FileError>([&] { load_model(SafetensorsFile(folder / "newer")); },
                                   {"newer: its file format is 3, expected 1 to 2"});
  };
  EXPECT_TRUE(is_refused());
  // A newer format may have other keys: it is still no file of another program.
  save_tensors(folder / "newer", {{"excite_format", "3"}}, state_of(model.module()));
  EXPECT_TRUE(is_refused());
}

TEST(Weights, IntegersInPlaceOfWeightsAreAnErrorAndNothingIsLoaded) {
  const ScratchFolder folder;
  const Model model = drawn("resnet8", 15);
  const std::vector<Tensor> before = copy_of(model);
  std::vector<TensorToWrite> tensors;
  const Model other = drawn("resnet8", 16);
  std::vector<Tensor> kept;
  for (const auto& [name, dims] : shapes_of(state_of(other.module())))
    kept.push_back(zeros(Shape(dims)));
  std::size_t i = 0;
  for (const auto& [name, dims] : shapes_of(state_of(other.module())))
    if (const Tensor* tensor = &kept[i++]; name == "layer3.0.bn2.bias")
      tensors.push_back({name, Integers{dims, std::vector<long>(64)}});
    else
      tensors.push_back({name, tensor});
  write_safetensors(folder / "integers", {}, tensors);
  const SafetensorsFile integers(folder / "integers");
  EXPECT_TRUE(
      fails_saying<FileError>([&] { load_tensors(integers, state_of(model.module())); },
                              {"'layer3.0.bn2.bias' holds I64, expected F16, BF16, F32 or F64"}));
  expect_same(copy_of(model), before);
}

TEST(Weights, LoadBackboneKeepsTheClassifierOfOtherClasses) {
  const ScratchFolder folder;
  const Model model = drawn("se_resnet8", 17);
  Rng rng(18);
  const Model three = make_model("se_resnet8", {}, 3, rng);
  const std::vector<Tensor> before = copy_of(three), trained = copy_of(model);
  const std::string path = saved(folder, model);
  EXPECT_TRUE(fails_saying<FileError>(
      [&] { load_tensors(SafetensorsFile(path), state_of(three.module())); },
      {"fc.weight [10, 64] instead of [3, 64]"}));
  load_backbone(three, SafetensorsFile(path));
  const std::vector<Tensor> after = copy_of(three);
  for (std::size_t i = 0; i < after.size(); i++) {
    const bool classifier = three.module().state()[i].name.starts_with("fc.");
    EXPECT_TRUE(same_bits(after[i], classifier ? before[i] : trained[i]))
        << three.module().state()[i].name;
  }
}

}  // namespace
}  // namespace excite
