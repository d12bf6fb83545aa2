// The residual networks: ResNet for 32x32 and 224x224 images, ResNeXt and SENet-154.
#include <algorithm>
#include <vector>

#include "models/zoo/families.h"

#include "models/fused/cifar_resnet.h"
#include "models/resnet.h"
#include "models/zoo/model_factory.h"

namespace excite {

namespace {

// ---- ResNet for 32x32 images ----

const std::string cifar_stages = "2,3,4";

// The residual blocks of each stage that the settings give, in place of those of the paper.
std::vector<long> blocks_of_stages(const Settings& settings, std::vector<long> paper) {
  constexpr long max_blocks = 200;
  const std::string& value = settings.at("blocks");
  if (value == "paper") return paper;
  std::vector<long> blocks;
  for (const std::string& word : split(value, ','))
    blocks.push_back(positive_integer("blocks", word));
  const bool valid = blocks.size() == paper.size() && std::ranges::max(blocks) <= max_blocks;
  require<UsageError>(valid, "model option blocks=", value, ": expected paper, or ", paper.size(),
                      " numbers of blocks from 1 to ", max_blocks, ", one for each stage");
  return blocks;
}

// The options of a model as it states them: the paper's blocks are not stated, as files written
// before this option existed do not state them either.
Settings stated(Settings settings) {
  if (settings.at("blocks") == "paper") settings.erase("blocks");
  return settings;
}

Model make_cifar_resnet(const std::string& name, const Settings& settings, long classes, Rng& rng) {
  const long paper = cifar_blocks_per_stage(positive_integer("depth", base_name(name).substr(6)));
  const std::vector<long> blocks = blocks_of_stages(settings, {paper, paper, paper});
  require<UsageError>(blocks[0] == blocks[1] && blocks[0] == blocks[2],
                      "model option blocks=", settings.at("blocks"),
                      ": expected the same number in all three stages");
  const long depth = 6 * blocks[0] + 2;
  const auto shortcut =
      choice<Shortcut>(settings, "shortcut", {{"A", Shortcut::A}, {"B", Shortcut::B}});
  const auto se = has_se(name) ? std::optional(se_options(settings, cifar_stages)) : std::nullopt;
  if (se && se->place == Placement::standard && se->stages.size() == 3)
    return wrap_network(name, stated(settings), classes, 32,
                        CifarSeResNet(depth, *se, shortcut, classes, rng));
  return wrap_network(name, stated(settings), classes, 32,
                      ResidualNetwork(cifar_resnet(depth, shortcut, se), classes, rng));
}

// ---- ResNet, ResNeXt and SENet-154, for images of 224x224 ----

const std::string image_stages = "2,3,4,5";

Model make_resnet(const std::string& name, const Settings& settings, long classes, Rng& rng) {
  using O = ResnetOptions;
  ResnetSpec row = find_resnet(base_name(name));
  row.blocks = blocks_of_stages(settings, row.blocks);
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
  return wrap_network(name, stated(settings), classes, 224,
                      ResidualNetwork(resnet(row, o), classes, rng));
}

}  // namespace

void add_cifar_resnets(std::vector<ModelEntry>& list) {
  const Settings settings{{"blocks", "paper"}, {"shortcut", "B"}};
  for (const char* depth : {"20", "32", "44", "56", "110"}) {
    list.push_back({text("resnet", depth), text("ResNet of ", depth, " layers for 32x32 images"),
                    settings, "resnet8", make_cifar_resnet});
    list.push_back({text("se_resnet", depth), se_variant_about,
                    residual_se_defaults(settings, cifar_stages), "se_resnet8", make_cifar_resnet});
  }
}

void add_resnets(std::vector<ModelEntry>& list) {
  using enum ResnetSpec::Kind;
  const Settings settings{
      {"blocks", "paper"}, {"dropout", "0"}, {"stem", "7x7"}, {"stem_pool", "ceil"}};
  for (const ResnetSpec& row : resnet_table()) {
    if (row.kind == senet) {
      list.push_back(
          {row.name,
           "SENet-154: SE-ResNeXt of 152 layers and 64 groups, from the entry that won ILSVRC 2017",
           residual_se_defaults(
               {{"blocks", "paper"}, {"dropout", "0.2"}, {"stem", "deep"}, {"stem_pool", "ceil"}},
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
