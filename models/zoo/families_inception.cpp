// The Inception networks.
#include "models/zoo/bn_inception.h"
#include "models/zoo/families.h"
#include "models/zoo/inception_resnet_v2.h"
#include "models/zoo/inception_v3.h"
#include "models/zoo/inception_v4.h"
#include "models/zoo/model_factory.h"

namespace excite {

namespace {

const std::string inception_stages = "3,4,5";

struct InceptionFamily {
  std::string name, about, about_se;
  inception::Design (*full)(), (*small)();
  long image_size;
  Settings settings, placement = {};
};

const std::vector<InceptionFamily>& families() {
  static const std::string after_each = "the same with squeeze-and-excitation after each module";
  static const std::string at_end =
      "the same with squeeze-and-excitation at the end of each residual branch, and after modules "
      "without a shortcut";
  using namespace inception;
  static const std::vector<InceptionFamily> table{
      {"bn_inception",
       "BN-Inception for 224x224 images",
       after_each,
       bn_inception,
       small_bn_inception,
       224,
       {}},
      {"inception_v3",
       "Inception-v3 for 299x299 images",
       after_each,
       inception_v3,
       small_inception_v3,
       299,
       {{"dropout", "0.5"}}},
      {"inception_v4",
       "Inception-v4 for 299x299 images",
       after_each,
       inception_v4,
       small_inception_v4,
       299,
       {{"dropout", "0.2"}}},
      {"inception_resnet_v2",
       "Inception-ResNet-v2 for 299x299 images",
       at_end,
       inception_resnet_v2,
       small_inception_resnet_v2,
       299,
       {{"dropout", "0.2"}},
       placement_defaults()},
  };
  return table;
}

Model make_inception(const std::string& name, const Settings& settings, long classes, Rng& rng) {
  for (const InceptionFamily& family : families()) {
    const bool is_small = base_name(name) == "small_" + family.name;
    if (!is_small && base_name(name) != family.name) continue;
    inception::Design design = is_small ? family.small() : family.full();
    if (has_se(name)) design.se = se_options(settings, inception_stages);
    if (settings.contains("dropout")) design.dropout = probability(settings, "dropout");
    return wrap_network(name, settings, classes, family.image_size,
                        inception::Network(design, classes, rng));
  }
  throw UsageError(text("there is no Inception network '", name, "'"));
}

}  // namespace

void add_inceptions(std::vector<ModelEntry>& list) {
  for (const InceptionFamily& family : families()) {
    const Settings with_se =
        merged(family.settings, merged(se_defaults(inception_stages), family.placement));
    list.push_back(
        {family.name, family.about, family.settings, "small_" + family.name, make_inception});
    list.push_back(
        {"se_" + family.name, family.about_se, with_se, "se_small_" + family.name, make_inception});
  }
}

}  // namespace excite
