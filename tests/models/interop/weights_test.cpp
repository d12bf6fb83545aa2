#include "models/interop/weights.h"

#include <functional>

#include "models/zoo/registry.h"
#include "tests/support/compare.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

Model drawn(const std::string& name, long seed, const Settings& options = {}) {
  Rng rng(seed);
  return make_model(name, options, 10, rng);
}

const Preprocessing preprocessing{
    {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}, {0.1, 0.2, 1.0 / 3}, {0.25, 0.5, 0.75}};

std::string saved(const ScratchFolder& folder, const Model& model) {
  const std::string path = folder / "model.safetensors";
  save_tensors(path, describe(model, preprocessing), state_of(model.module()));
  return path;
}

std::vector<Tensor> copy_of(const Model& model) {
  std::vector<Tensor> all;
  for (const auto& [name, tensor] : state_of(model.module())) all.push_back(tensor->clone());
  return all;
}

void expect_same(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); i++) EXPECT_TRUE(same_bits(a[i], b[i])) << "tensor " << i;
}

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
  EXPECT_TRUE(fails_saying<FileError>(load_with("image_size", "0"), {path, "image_size is 0"}));
  EXPECT_TRUE(fails_saying<FileError>(load_with("short_side", "1"),
                                      {path, "image_size is 32 and its short_side 1"}));
  EXPECT_TRUE(fails_saying<FileError>(load_with("short_side", "8193"),
                                      {path, "short_side 8193", "at most 67108864 pixels"}));
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

// ---- files of other programs ----

// timm-legacy has two rows; this finds the one for networks other than SENet-154.
const Dialect& named(const std::string& name) {
  const Dialect* found = nullptr;
  for (const Dialect& d : dialects())
    if (d.name == name) found = &d;
  return *found;
}

// Writes a file without metadata, as PyTorch's libraries do. `change` may rename tensors.
std::string foreign(
    const ScratchFolder& folder, const Model& model, const Dialect& dialect,
    const std::function<std::string(const std::string&)>& change = [](const std::string& name) {
      return name;
    }) {
  NamedTensors tensors = state_of(model.module());
  for (auto& [name, tensor] : tensors) name = change(dialect.to_theirs(name));
  save_tensors(folder / "foreign.safetensors", {}, tensors);
  return folder / "foreign.safetensors";
}

TEST(Weights, AFileOfAnotherProgramIsReadAsThatProgramsNetwork) {
  const ScratchFolder folder;
  const Model model = drawn("se_small_bottleneck", 8, {{"se_fc", "1x1"}, {"reduction", "4"}});
  const TrainedModel loaded =
      load_model(SafetensorsFile(foreign(folder, model, named("timm-legacy"))));
  EXPECT_EQ(loaded.model.name, "se_small_bottleneck");
  EXPECT_EQ(loaded.model.options.at("stride_on"), "1x1");
  EXPECT_EQ(loaded.model.options.at("reduction"), "4");
  EXPECT_EQ(loaded.origin,
            "read as se_small_bottleneck with dropout=0.2,reduction=4,se_bias=on,"
            "se_fc=1x1,se_stages=2,3,4,5,stem_pool=ceil,stride_on=1x1, with tensor names as in "
            "timm-legacy, which has no such network");
  EXPECT_EQ(loaded.preprocessing.classes.size(), 10u);
  EXPECT_EQ(loaded.preprocessing.classes[9], "class 9");
  EXPECT_EQ(loaded.preprocessing.mean, (std::array<double, 3>{0.485, 0.456, 0.406}));
  EXPECT_EQ(loaded.preprocessing.deviation, (std::array<double, 3>{0.229, 0.224, 0.225}));
  expect_same(copy_of(loaded.model), copy_of(model));
}

TEST(Weights, TheLaterInceptionsScalePixelsFromMinusOneToOne) {
  const ScratchFolder folder;
  for (const char* name : {"small_inception_v3", "se_small_inception_v4",
                           "small_inception_resnet_v2", "small_bn_inception"}) {
    const Model model = drawn(name, 8);
    const bool later = std::string(name) != "small_bn_inception";
    EXPECT_EQ(
        load_model(SafetensorsFile(foreign(folder, model, named("timm")))).preprocessing.mean[0],
        later ? 0.5 : 0.485)
        << name;
  }
}

TEST(Weights, ParallelPrefixesAndAuxiliaryClassifiersAreIgnored) {
  const ScratchFolder folder;
  const Model model = drawn("small_resnet", 9);
  const auto in_parallel = [](const std::string& name) { return "module." + name; };
  const TrainedModel loaded =
      load_model(SafetensorsFile(foreign(folder, model, named("torchvision"), in_parallel)));
  expect_same(copy_of(loaded.model), copy_of(model));

  NamedTensors tensors = state_of(model.module());
  Tensor other = zeros({3, 4});
  tensors.emplace_back("AuxLogits.fc.weight", &other);
  save_tensors(folder / "auxiliary", {}, tensors);
  EXPECT_NE(load_model(SafetensorsFile(folder / "auxiliary"))
                .origin.find("without 1 tensors of AuxLogits"),
            std::string::npos);

  tensors.back().first = "module.fc.weight";
  save_tensors(folder / "twice", {}, tensors);
  EXPECT_TRUE(
      fails_saying<FileError>([&] { load_model(SafetensorsFile(folder / "twice")); },
                              {"'fc.weight' and 'module.fc.weight' both stand for 'fc.weight'"}));
}

// A file may store a linear layer as a 1x1 convolution.
TEST(Weights, LinearLayersMayHaveBothShapes) {
  const ScratchFolder folder;
  const Model model = drawn("se_small_resnet", 10),
              as_conv = drawn("se_small_resnet", 11, {{"se_fc", "1x1"}});
  NamedTensors tensors = state_of(model.module());
  Tensor turned;
  for (auto& [name, tensor] : tensors)
    if (name == "fc.weight")
      turned = tensor->clone().reshaped({1, 1, tensor->dim(0), tensor->dim(1)}), tensor = &turned;
  save_tensors(folder / "linear", {}, tensors);
  const SafetensorsFile file(folder / "linear");
  EXPECT_EQ(file.entry("fc.weight").dims.size(), 4u);
  load_tensors(file, state_of(as_conv.module()));
  for (std::size_t i = 0; i < tensors.size(); i++) {
    const Tensor& now = *state_of(as_conv.module())[i].second;
    EXPECT_TRUE(same_bits(now.clone().reshaped(Shape{now.size()}),
                          tensors[i].second->clone().reshaped(Shape{now.size()})))
        << tensors[i].first;
  }
  expect_same(copy_of(load_model(file).model), copy_of(model));
}

TEST(Weights, AFileThatFitsNoModelIsAnErrorThatNamesTheNearest) {
  const ScratchFolder folder;
  const Model model = drawn("resnet20", 12);
  const auto misspelt = [](const std::string& name) {
    return name == "layer0.bn1.bias" ? "layer0.bn1.bis" : name;
  };
  EXPECT_TRUE(fails_saying<FileError>(
      [&] { load_model(SafetensorsFile(foreign(folder, model, named("timm-legacy"), misspelt))); },
      {"foreign.safetensors: its tensors are not those of resnet20 (no model is nearer); missing: "
       "layer0.bn1.bias; unexpected: layer0.bn1.bis"}));
  const std::string path = foreign(folder, model, named("timm-legacy"));
  EXPECT_TRUE(fails_saying<FileError>(
      [&] {
        load_model(SafetensorsFile(path), {"resnet32", {}});
      },
      {"not those of resnet32; they fit resnet20 and 10 classes; missing: layer1.3.bn1.weight"}));
}

TEST(Weights, AnOverriddenOptionIsNotInferred) {
  const ScratchFolder folder;
  const std::string path = foreign(folder, drawn("small_resnet", 12), named("timm-legacy"));
  EXPECT_EQ(load_model(SafetensorsFile(path), {"", {{"stem_pool", "floor"}}})
                .model.options.at("stem_pool"),
            "floor");
}

TEST(Weights, AFileThatNamesAnotherModelThanItsTensorsFitIsAnError) {
  const ScratchFolder folder;
  const Model model = drawn("resnet20", 13), stated = drawn("se_resnet20", 14);
  save_tensors(folder / "wrong", describe(stated, preprocessing), state_of(model.module()));
  EXPECT_TRUE(fails_saying<FileError>(
      [&] { load_model(SafetensorsFile(folder / "wrong")); },
      {"its tensors are not those of se_resnet20; they fit resnet20 and 10 classes",
       "; missing: layer1.0.se.fc1.weight, layer1.0.se.fc2.weight, layer1.1.se.fc1.weight, "
       "layer1.1.se.fc2.weight, layer1.2.se.fc1.weight and 31 more"}));
}

// They exist for gradient checks. Their names are only in an error if the user wrote them.
TEST(Weights, NoErrorSuggestsASmallVariant) {
  const ScratchFolder folder;
  const auto message = [&](const std::string& path, const ModelOverride& overrides) -> std::string {
    try {
      load_model(SafetensorsFile(path), overrides);
    } catch (const Error& error) {
      return std::string(error.what()).substr(path.size());
    }
    return "no error";
  };
  for (const char* name : {"small_resnet", "se_small_bottleneck", "small_vgg", "resnet8"}) {
    const Model model = drawn(name, 12);
    const auto misspelt = [](const std::string& tensor) {
      return tensor.ends_with(".bias") ? tensor + "es" : tensor;
    };
    for (const std::string& error :
         {message(foreign(folder, model, own_dialect(), misspelt), {}),
          message(foreign(folder, model, own_dialect()), {"resnet20", {}})}) {
      EXPECT_NE(error.find("its tensors are not those of "), std::string::npos) << error;
      EXPECT_EQ(error.find("small"), std::string::npos) << error;
      EXPECT_EQ(error.find("resnet8"), std::string::npos) << error;
    }
  }
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
  EXPECT_TRUE(
      fails_saying<FileError>([&] { load_tensors(SafetensorsFile(path), state_of(three.module())); },
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
