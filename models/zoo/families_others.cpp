// VGG, MobileNet and ShuffleNet: the other networks to which the paper adds squeeze-and-excitation.
#include "models/zoo/families.h"
#include "models/zoo/mobilenet.h"
#include "models/zoo/model_factory.h"
#include "models/zoo/shufflenet.h"
#include "models/zoo/vgg.h"

namespace excite {

namespace {

const std::string vgg_groups = "1,2,3,4,5", mobile_stages = "1,2,3,4,5", shuffle_stages = "2,3,4";

Model make_vgg(const std::string& name, const Settings& settings, long classes, Rng& rng) {
  VggDesign design = find_design(base_name(name), {vgg16_bn(), small_vgg()});
  design.dropout = probability(settings, "dropout");
  if (has_se(name)) design.se = se_options(settings, vgg_groups);
  return wrap_network(name, settings, classes, 224, Vgg(design, classes, rng));
}

Model make_mobilenet(const std::string& name, const Settings& settings, long classes, Rng& rng) {
  MobilenetDesign design = find_design(base_name(name), {mobilenet(), small_mobilenet()});
  if (has_se(name)) design.se = se_options(settings, mobile_stages);
  return wrap_network(name, settings, classes, 224, Mobilenet(design, classes, rng));
}

Model make_shufflenet(const std::string& name, const Settings& settings, long classes, Rng& rng) {
  ShufflenetDesign design = find_design(base_name(name), {shufflenet(), small_shufflenet()});
  if (has_se(name)) design.se = se_options(settings, shuffle_stages);
  return wrap_network(name, settings, classes, 224, Shufflenet(design, classes, rng));
}

}  // namespace

void add_others(std::vector<ModelEntry>& list) {
  const std::string after_relu = "the same with squeeze-and-excitation after the ReLU of each ";
  list.push_back({"vgg16_bn",
                  "VGG of 16 layers with batch norm for 224x224 images",
                  {{"dropout", "0.5"}},
                  "small_vgg",
                  make_vgg});
  list.push_back({"se_vgg16_bn", after_relu + "convolution",
                  merged({{"dropout", "0.5"}}, se_defaults(vgg_groups)), "se_small_vgg", make_vgg});
  list.push_back(
      {"mobilenet", "MobileNet 1.0 for 224x224 images", {}, "small_mobilenet", make_mobilenet});
  list.push_back({"se_mobilenet", after_relu + "1x1 convolution", se_defaults(mobile_stages),
                  "se_small_mobilenet", make_mobilenet});
  list.push_back({"shufflenet",
                  "ShuffleNet 1x of 3 groups for 224x224 images",
                  {},
                  "small_shufflenet",
                  make_shufflenet});
  list.push_back({"se_shufflenet", se_variant_about, residual_se_defaults({}, shuffle_stages),
                  "se_small_shufflenet", make_shufflenet});
}

}  // namespace excite
