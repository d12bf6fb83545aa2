// The residual networks: ResNet for 32x32 and 224x224 images, ResNeXt and SENet-154.
#include "models/zoo/families.h"

#include "models/fused/cifar_resnet.h"
#include "models/resnet.h"
#include "models/zoo/model_factory.h"

namespace excite {

namespace {

// ---- ResNet for 32x32 images ----

const std::string cifar_stages = "2,3,4";

Model make_cifar_resnet(const std::string& name, const Settings& settings, long classes, Rng& rng) {
  const long depth = positive_integer("depth", base_name(name).substr(6));
  const auto shortcut =
      choice<Shortcut>(settings, "shortcut", {{"A", Shortcut::A}, {"B", Shortcut::B}});
  const auto se = has_se(name) ? std::optional(se_options(settings, cifar_stages)) : std::nullopt;
  if (se && se->place == Placement::standard && se->stages.size() == 3)
    return wrap_network(name, settings, classes, 32,
                        CifarSeResNet(depth, *se, shortcut, classes, rng));
  return wrap_network(name, settings, classes, 32,
                      ResidualNetwork(cifar_resnet(depth, shortcut, se), classes, rng));
}

// ---- ResNet, ResNeXt and SENet-154, for images of 224x224 ----

const std::string image_stages = "2,3,4,5";

Model make_resnet(const std::string& name, const Settings& settings, long classes, Rng& rng) {
  using O = ResnetOptions;
  const ResnetSpec& row = find_resnet(base_name(name));
  O o;
  if (has_se(name) || row.kind == ResnetSpec::Kind::senet)
    o.se = se_options(settings, image_stages);
  if (settings.contains("stride_on"))
    o.stride_on = choice<O::StrideOn>(
        settings, "stride_on", {{"1x1", O::StrideOn::conv1x1}, {"3x3", O::StrideOn::conv3x3}});
  o.stem = choice<O::Stem>(settings, "stem",
                           {{row.kind == ResnetSpec::Kind::senet ? "deep" : "7x7", O::Stem::paper},
                            {"3x3", O::Stem::conv3x3}});
  o.stem_pool = choice<O::StemPool>(settings, "stem_pool",
                                    {{"ceil", O::StemPool::ceil}, {"floor", O::StemPool::floor}});
  if (settings.contains("dropout")) o.dropout = probability(settings, "dropout");
  if (settings.contains("relu_before_se") &&
      choice<bool>(settings, "relu_before_se", {{"off", false}, {"on", true}})) {
    require<UsageError>(o.se->place == Placement::standard, "model ", name,
                        ": relu_before_se=on requires se=standard");
    o.se->place = Placement::after_relu;
  }
  return wrap_network(name, settings, classes, 224, ResidualNetwork(resnet(row, o), classes, rng));
}

}  // namespace

void add_cifar_resnets(std::vector<ModelEntry>& list) {
  const Settings settings{{"shortcut", "B"}};
  for (const char* depth : {"20", "32", "44", "56", "110"}) {
    list.push_back({text("resnet", depth), text("ResNet of ", depth, " layers for 32x32 images"),
                    settings, "resnet8", make_cifar_resnet});
    list.push_back({text("se_resnet", depth), se_variant_about,
                    residual_se_defaults(settings, cifar_stages), "se_resnet8", make_cifar_resnet});
  }
}

void add_resnets(std::vector<ModelEntry>& list) {
  using enum ResnetSpec::Kind;
  const Settings settings{{"dropout", "0"}, {"stem", "7x7"}, {"stem_pool", "ceil"}};
  for (const ResnetSpec& row : resnet_table()) {
    if (row.kind == senet) {
      list.push_back(
          {row.name,
           "SENet-154: SE-ResNeXt of 152 layers and 64 groups, from the entry that won ILSVRC 2017",
           residual_se_defaults({{"dropout", "0.2"}, {"stem", "deep"}, {"stem_pool", "ceil"}},
                                image_stages),
           "small_senet", make_resnet});
      continue;
    }
    const std::string layers = row.name.substr(row.name.find_first_of("0123456789"));
    const std::string about = row.kind == resnext
                                  ? text("ResNeXt of ", layers.substr(0, layers.find('_')),
                                         " layers, ", row.groups, " groups")
                                  : text("ResNet of ", layers, " layers");
    Settings options = settings, options_with_se = residual_se_defaults(settings, image_stages);
    if (row.kind == bottleneck) options["stride_on"] = options_with_se["stride_on"] = "1x1";
    if (row.kind == basic) options_with_se["relu_before_se"] = "off";
    const std::string small = row.kind == basic        ? "small_resnet"
                              : row.kind == bottleneck ? "small_bottleneck"
                                                       : "small_resnext";
    list.push_back({row.name, about + " for 224x224 images", options, small, make_resnet});
    list.push_back(
        {"se_" + row.name, se_variant_about, options_with_se, "se_" + small, make_resnet});
  }
}

}  // namespace excite
