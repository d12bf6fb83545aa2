// Weights in files of other programs, whose model is inferred from names and shapes.
#include <functional>

#include "tests/models/interop/saved_models.h"

namespace excite {
namespace {

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

TEST(Weights, APrefixThatAllNamesShareIsIgnored) {
  const ScratchFolder folder;
  const Model model = drawn("small_resnet", 9);
  for (const std::string prefix : {"module.", "model.", "_orig_mod.", "backbone.", "net.",
                                   "module._orig_mod.", "state_dict.model.module."}) {
    const auto wrapped = [&](const std::string& name) { return prefix + name; };
    const std::string path = foreign(folder, model, named("torchvision"), wrapped);
    expect_same(copy_of(load_model(SafetensorsFile(path)).model), copy_of(model));
  }
  const auto not_all = [](const std::string& name) {
    return name.starts_with("fc.") ? name : "backbone." + name;
  };
  const std::string path = foreign(folder, model, named("torchvision"), not_all);
  EXPECT_TRUE(fails_saying<FileError>([&] { load_model(SafetensorsFile(path)); },
                                      {"unexpected: backbone."}));
}

// PyTorch's AveragedModel keeps its count beside the network that it wraps.
TEST(Weights, CountersOfAveragesAreIgnored) {
  const ScratchFolder folder;
  const Model model = drawn("small_resnet", 9);
  NamedTensors tensors = state_of(model.module());
  for (auto& [name, tensor] : tensors) name = "module." + name;
  Tensor count = zeros({1});
  tensors.emplace_back("n_averaged", &count);
  save_tensors(folder / "averaged", {}, tensors);
  expect_same(copy_of(load_model(SafetensorsFile(folder / "averaged")).model), copy_of(model));
}

TEST(Weights, MetadataOfOtherProgramsIsNotOurs) {
  const ScratchFolder folder;
  const Model model = drawn("small_resnet", 9);
  for (const Metadata& metadata :
       {Metadata{{"model", "my net"}}, Metadata{{"classes", "cat,dog"}, {"format", "pt"}},
        Metadata{{"model", "x"}, {"options", "{}"}, {"classes", "10"}}}) {
    save_tensors(folder / "foreign", metadata, state_of(model.module()));
    expect_same(copy_of(load_model(SafetensorsFile(folder / "foreign")).model), copy_of(model));
  }
}

// As timm's legacy_seresnext26_32x4d, whose stages have two blocks each.
TEST(Weights, ADepthThatIsNotListedFollowsFromTheNames) {
  const ScratchFolder folder;
  const Model model = drawn("se_resnext50_32x4d", 9, {{"blocks", "1,2,1,1"}, {"se_fc", "1x1"}});
  const TrainedModel loaded =
      load_model(SafetensorsFile(foreign(folder, model, named("timm-legacy"))));
  EXPECT_EQ(loaded.model.name, "se_resnext50_32x4d");
  EXPECT_EQ(loaded.model.options.at("blocks"), "1,2,1,1");
  expect_same(copy_of(loaded.model), copy_of(model));
  const Model deeper = drawn("se_resnet20", 10, {{"blocks", "4,4,4"}});
  const TrainedModel small = load_model(SafetensorsFile(foreign(folder, deeper, own_dialect())));
  EXPECT_EQ(small.model.options.at("blocks"), "4,4,4");
  expect_same(copy_of(small.model), copy_of(deeper));
}

TEST(Weights, OfAnotherModelThanTheNamedOneAreNamed) {
  const ScratchFolder folder;
  const std::string path = foreign(folder, drawn("se_resnet18", 9), own_dialect());
  EXPECT_TRUE(fails_saying<FileError>(
      [&] {
        load_model(SafetensorsFile(path), {"se_resnet20", {}});
      },
      {"its tensors are not those of se_resnet20; they fit se_resnet18"}));
}

TEST(Weights, AuxiliaryClassifiersAreIgnored) {
  const ScratchFolder folder;
  const Model model = drawn("small_resnet", 9);
  NamedTensors tensors = state_of(model.module());
  Tensor other = zeros({3, 4});
  tensors.emplace_back("AuxLogits.fc.weight", &other);
  save_tensors(folder / "auxiliary", {}, tensors);
  EXPECT_NE(load_model(SafetensorsFile(folder / "auxiliary"))
                .origin.find("without 1 tensor of AuxLogits"),
            std::string::npos);

  tensors.back().first = "last_linear.weight";
  Tensor stem = zeros({1});
  tensors.emplace_back("layer0.bn1.extra", &stem);  // so the names are those of timm-legacy
  save_tensors(folder / "twice", {}, tensors);
  EXPECT_TRUE(
      fails_saying<FileError>([&] { load_model(SafetensorsFile(folder / "twice")); },
                              {"'fc.weight' and 'last_linear.weight' both stand for 'fc.weight'"}));
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

}  // namespace
}  // namespace excite
