#include "models/interop/recognize.h"

#include "models/zoo/registry.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

Model made(const std::string& name, const Settings& options = {}, long classes = 10) {
  Rng rng = Rng::silent();
  return make_model(name, options, classes, rng);
}

TensorShapes shapes_of_model(const std::string& name, const Settings& options = {},
                             long classes = 10) {
  return shapes_of(state_of(made(name, options, classes).module()));
}

const Dialect& named(const std::string& name) {
  for (const Dialect& d : dialects())
    if (d.name == name) return d;
  throw Error(name);
}

// Options that change names or shapes are inferred, whatever the dialect's defaults are.
TEST(Recognize, InfersOptionsFromNamesAndShapes) {
  struct Case {
    std::string model;
    Settings options;
    long classes;
  };
  for (const Case& c :
       {Case{"se_resnet20", {{"reduction", "4"}}, 10},
        Case{"se_resnet32", {{"se_bias", "off"}}, 100}, Case{"resnet56", {{"shortcut", "A"}}, 7},
        Case{"se_resnet18", {{"stem", "3x3"}, {"se_stages", "3,5"}}, 10},
        Case{"se_resnet18", {{"se_least", "12"}, {"reduction", "8"}}, 3},
        Case{"resnet34", {{"stem", "3x3"}}, 2}, Case{"se_resnet20", {{"se_fc", "1x1"}}, 10}}) {
    const Recognized r = recognize(shapes_of_model(c.model, c.options, c.classes), own_dialect());
    EXPECT_EQ(r.model, c.model);
    EXPECT_EQ(r.differences, 0u) << c.model;
    EXPECT_EQ(r.classes, c.classes) << c.model;
    EXPECT_EQ(made(r.model, r.options).options, made(c.model, c.options).options) << c.model;
  }
}

// timm's seresnet50 and legacy_seresnet50 have the same shapes.
TEST(Recognize, TakesOptionsThatShapesDoNotShowFromTheDialect) {
  const TensorShapes shapes = shapes_of_model("se_resnet50", {{"se_fc", "1x1"}});
  const Settings old = made("se_resnet50", recognize(shapes, named("timm-legacy")).options).options;
  const Settings now = made("se_resnet50", recognize(shapes, named("timm")).options).options;
  EXPECT_EQ(old.at("stride_on") + " " + old.at("stem_pool") + " " + old.at("dropout"),
            "1x1 ceil 0.2");
  EXPECT_EQ(now.at("stride_on") + " " + now.at("stem_pool") + " " + now.at("dropout"),
            "3x3 floor 0");
  const TensorShapes small = shapes_of_model("se_resnet18", {{"se_fc", "1x1"}});
  EXPECT_EQ(recognize(small, named("timm-legacy")).options.at("relu_before_se"), "on");
}

TEST(Recognize, UsesTheRequestedModelAndOptions) {
  const TensorShapes shapes = shapes_of_model("se_resnet50", {{"se_fc", "1x1"}});
  EXPECT_EQ(recognize(shapes, named("timm"), "", {{"stride_on", "1x1"}}).options.at("stride_on"),
            "1x1");
  const Recognized other = recognize(shapes, named("timm"), "resnet50");
  EXPECT_EQ(other.model, "resnet50");
  EXPECT_EQ(other.differences, 4u * 16);
  EXPECT_TRUE(fails_saying<UsageError>([&] { recognize(shapes, named("timm"), "resnet51"); },
                                       {"no model 'resnet51'", "nearest is resnet56"}));
  EXPECT_TRUE(fails_saying<UsageError>(
      [&] {
        recognize(shapes, named("timm"), "resnet50", {{"gate", "relu"}});
      },
      {"resnet50 has no option 'gate'"}));
}

TEST(Recognize, FindsTheNearestModelWhereNoneFits) {
  TensorShapes shapes = shapes_of_model("se_resnext50_32x4d");
  shapes.erase("bn1.bias");
  shapes["layer1.0.conv1.weight"] = {128, 64, 3, 3};
  shapes["what.is.this"] = {1};
  const Recognized r = recognize(shapes, own_dialect());
  EXPECT_EQ(r.model, "se_resnext50_32x4d");
  EXPECT_EQ(r.differences, 3u);
  EXPECT_GT(recognize({}, own_dialect()).differences, 0u);
  TensorShapes almost_small = shapes_of_model("se_small_resnet");
  almost_small.erase("bn1.bias");
  EXPECT_TRUE(is_listed(recognize(almost_small, own_dialect()).model));
  EXPECT_GT(
      recognize(
          {{"fc.weight", {0, 0}}, {"layer1.0.se.fc1.weight", {0, 16, 1, 1}}, {"conv1.weight", {}}},
          own_dialect())
          .differences,
      0u);
  EXPECT_GT(
      recognize({{"layer1.0.se.fc1.weight", {1'000'000, 0, 1, 1}}}, own_dialect()).differences, 0u);
  EXPECT_GT(
      recognize({{"layer1.0.se.fc1.weight", {1'000'000, 1, 1, 1}}}, own_dialect()).differences, 0u);
}

// The names of torchvision's VGG and Inception-v3 have no signature either, but timm does not have
// these networks under the same names.
TEST(Recognize, PicksTheRowThatHasTheModel) {
  const Dialect& timm = detect_dialect({"conv1.weight"});
  EXPECT_EQ(timm.name, "timm");
  EXPECT_EQ(row_for_model(timm, "vgg16_bn").name, "torchvision");
  EXPECT_EQ(row_for_model(timm, "inception_v3").name, "torchvision");
  EXPECT_EQ(row_for_model(timm, "inception_v4").name, "timm");
  EXPECT_EQ(row_for_model(timm, "mobilenet").name, "timm");
}

TEST(Recognize, SaysWhichProgramsHaveANetwork) {
  EXPECT_EQ(dialect_for_export("timm-legacy", made("se_resnet50")).name, "timm-legacy");
  EXPECT_EQ(dialect_for_export("timm",
                               made("se_resnet50", {{"stride_on", "3x3"}, {"stem_pool", "floor"}}))
                .name,
            "timm");
  EXPECT_EQ(dialect_for_export("timm", made("senet154", {{"stem_pool", "floor"}})).name, "timm");
  EXPECT_EQ(dialect_for_export("timm-legacy", made("senet154")).signature, "layer0.conv3.");
  EXPECT_EQ(
      dialect_for_export("moskomule", made("se_resnet20", {{"se_bias", "off"}, {"reduction", "4"}}))
          .name,
      "moskomule");
  EXPECT_EQ(dialect_for_export("excite", made("se_resnet50", {{"se", "pre"}})).name, "excite");

  const auto refused = [](const std::string& dialect, const Model& model,
                          const std::vector<std::string>& parts) {
    return fails_saying<UsageError>([&] { dialect_for_export(dialect, model); }, parts);
  };
  EXPECT_TRUE(refused(
      "timm", made("se_resnet50"),
      {"timm has se_resnet50 with stem_pool=floor instead of ceil, stride_on=3x3 instead of 1x1",
       "other results from these weights", "the same network is in: timm-legacy, excite"}));
  EXPECT_TRUE(refused("timm", made("se_resnet18", {{"stem_pool", "floor"}}),
                      {"the tensors are not those of timm's se_resnet18; wrong shape: "
                       "layer1.0.se.fc1.weight [4, 64] instead of [8, 64, 1, 1]",
                       "miraclewkf, excite"}));
  EXPECT_TRUE(refused("timm-legacy", made("se_resnet18"),
                      {"relu_before_se=on instead of off", "in: excite"}));
  EXPECT_TRUE(refused("torchvision", made("se_resnet50"), {"torchvision has no se_resnet50"}));
  EXPECT_TRUE(
      refused("moskomule", made("se_resnet20"),
              {"moskomule has se_resnet20 with se_bias=off instead of on", "is in: excite"}));
  EXPECT_TRUE(refused(
      "timm", made("se_resnet50", {{"stride_on", "3x3"}, {"stem_pool", "floor"}, {"gate", "tanh"}}),
      {"gate=sigmoid instead of tanh"}));
  EXPECT_TRUE(refused(
      "keras", made("se_resnet50"),
      {"no format 'keras'", "timm-legacy, moskomule, miraclewkf, timm, torchvision and 1 more"}));
}

}  // namespace
}  // namespace excite
