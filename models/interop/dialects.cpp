#include "models/interop/dialects.h"
#include "models/zoo/settings.h"

#include <algorithm>

namespace excite {

namespace {

using Renames = std::vector<std::pair<std::string, std::string>>;

std::size_t position_of(const std::string& prefix, const std::string& name) {
  if (prefix.starts_with('.')) return name.find(prefix);
  return name.starts_with(prefix) ? 0 : std::string::npos;
}

// Applies the first of the renames that matches.
std::string renamed(const Renames& renames, const std::string& name) {
  for (const auto& [from, to] : renames)
    if (const std::size_t at = position_of(from, name); at != std::string::npos)
      return std::string(name).replace(at, from.size(), to);
  return name;
}

std::vector<std::string> with_prefix(const std::string& prefix, std::vector<std::string> names) {
  for (std::string& name : names) name = prefix + name;
  return names;
}

std::vector<std::string> concat(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

const std::vector<std::string> imagenet_resnets{"resnet18", "resnet34", "resnet50", "resnet101",
                                                "resnet152"};
const std::vector<std::string> resnexts{"resnext50_32x4d", "resnext101_32x4d", "resnext101_64x4d"};
const std::vector<std::string> timm_only{"senet154", "inception_v4", "inception_resnet_v2"};
const std::vector<std::string> cifar_resnets{"resnet20", "resnet32", "resnet56"};

// As in torchvision: a bottleneck's stride is on its 3x3 convolution, and the stem's pool is padded
// by one pixel.
const Settings torch_style{{"stem_pool", "floor"}, {"stride_on", "3x3"}};
// As in the paper; Cadene ported these networks from Caffe. relu_before_se is timm's own, and only
// its networks of 18 and 34 layers have that option.
const Settings caffe_style{{"dropout", "0.2"},
                           {"relu_before_se", "on"},
                           {"se_fc", "1x1"},
                           {"stem_pool", "ceil"},
                           {"stride_on", "1x1"}};

}  // namespace

const std::vector<Dialect>& dialects() {
  static const std::vector<Dialect> table{
      {"timm-legacy",
       "layer0.conv3.",
       {{"conv1.0.", "layer0.conv1."},
        {"conv1.1.", "layer0.bn1."},
        {"conv1.3.", "layer0.conv2."},
        {"conv1.4.", "layer0.bn2."},
        {"conv1.6.", "layer0.conv3."},
        {"bn1.", "layer0.bn3."},
        {".se.", ".se_module."},
        {"fc.", "last_linear."}},
       caffe_style,
       {"senet154"}},
      {"timm-legacy",
       "layer0.",
       {{"conv1.", "layer0.conv1."},
        {"bn1.", "layer0.bn1."},
        {".se.", ".se_module."},
        {"fc.", "last_linear."}},
       caffe_style,
       with_prefix("se_", concat(imagenet_resnets, {"resnext50_32x4d", "resnext101_32x4d"}))},
      {"moskomule",
       "layer1.0.se.fc.0.",
       {{".se.fc1.", ".se.fc.0."}, {".se.fc2.", ".se.fc.2."}},
       merged(torch_style, {{"se_bias", "off"}, {"se_fc", "linear"}}),
       with_prefix("se_", concat(imagenet_resnets, cifar_resnets))},
      {"miraclewkf",
       "layer1.0.fc1.",
       {{".se.fc1.", ".fc1."}, {".se.fc2.", ".fc2."}},
       merged(torch_style, {{"se_fc", "linear"}}),
       with_prefix("se_", concat(imagenet_resnets,
                                 {"resnext50_32x4d", "resnext101_32x4d", "resnext152_32x4d"}))},
      {"timm",
       "",
       {},
       merged(torch_style, {{"dropout", "0"}, {"se_fc", "1x1"}, {"se_least", "8"}}),
       concat(concat(imagenet_resnets, resnexts),
              concat(with_prefix("se_", concat(imagenet_resnets, resnexts)), timm_only))},
      {"torchvision",
       "",
       {},
       torch_style,
       concat(imagenet_resnets,
              {"resnext50_32x4d", "resnext101_64x4d", "vgg16_bn", "inception_v3"})},
      {"excite", "", {}, {}, {}},
  };
  return table;
}

bool Dialect::has(const std::string& model) const {
  return models.empty() || std::find(models.begin(), models.end(), model) != models.end();
}

const Dialect& own_dialect() { return dialects().back(); }

const Dialect& detect_dialect(const std::vector<std::string>& tensor_names) {
  const auto matches = [&](const Dialect& d) {
    return std::any_of(tensor_names.begin(), tensor_names.end(),
                       [&](const std::string& name) { return name.starts_with(d.signature); });
  };
  return *std::find_if(dialects().begin(), dialects().end() - 1, matches);
}

const Dialect& row_for_model(const Dialect& dialect, const std::string& model) {
  if (dialect.has(model)) return dialect;
  for (const Dialect& d : dialects())
    if (d.signature == dialect.signature && &d != &own_dialect() && d.has(model)) return d;
  return dialect;
}

std::string Dialect::to_theirs(const std::string& tensor) const { return renamed(renames, tensor); }

std::string Dialect::to_ours(const std::string& tensor) const {
  Renames inverse;
  for (const auto& [ours, theirs] : renames) inverse.emplace_back(theirs, ours);
  return renamed(inverse, tensor);
}

bool is_counter(const std::string& name) {
  return name.ends_with(".num_batches_tracked") || name == "n_averaged" ||
         name.ends_with(".n_averaged");
}
bool is_auxiliary(const std::string& name) { return name.starts_with("AuxLogits."); }

}  // namespace excite
