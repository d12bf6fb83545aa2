#include "models/interop/dialects.h"

#include <algorithm>

namespace excite {

namespace {

bool stands_at(const std::string& name, std::size_t at, const std::string& word) {
  return name.compare(at, word.size(), word) == 0;
}

std::size_t place_of(const std::string& word, const std::string& name) {
  return word.starts_with('.') ? name.find(word) : stands_at(name, 0, word) ? 0 : std::string::npos;
}

// The name with the first word that is in it said in the other way.
std::string said_as(const std::vector<std::pair<std::string, std::string>>& words,
                    const std::string& name) {
  for (const auto& [from, to] : words)
    if (const std::size_t at = place_of(from, name); at != std::string::npos)
      return std::string(name).replace(at, from.size(), to);
  return name;
}

std::vector<std::string> with_prefix(const std::string& prefix, std::vector<std::string> names) {
  for (std::string& name : names) name = prefix + name;
  return names;
}

std::vector<std::string> all_of(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

const std::vector<std::string> resnets_for_images{"resnet18", "resnet34", "resnet50", "resnet101",
                                                  "resnet152"};
const std::vector<std::string> resnexts{"resnext50_32x4d", "resnext101_32x4d", "resnext101_64x4d"};
const std::vector<std::string> of_timm_alone{"senet154", "inception_v4", "inception_resnet_v2"};
const std::vector<std::string> cifar_resnets{"resnet20", "resnet32", "resnet56"};

// The stride of a bottleneck on its 3x3 convolution and a stem's pool padded by one, as torchvision
// began it.
const Settings torch_style{{"stem_pool", "floor"}, {"stride_on", "3x3"}};
// The paper's, as Cadene ported them from Caffe; the two small networks are timm's own.
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
       with_prefix("se_", all_of(resnets_for_images, {"resnext50_32x4d", "resnext101_32x4d"}))},
      {"moskomule",
       "layer1.0.se.fc.0.",
       {{".se.fc1.", ".se.fc.0."}, {".se.fc2.", ".se.fc.2."}},
       together(torch_style, {{"se_bias", "off"}, {"se_fc", "linear"}}),
       with_prefix("se_", all_of(resnets_for_images, cifar_resnets))},
      {"miraclewkf",
       "layer1.0.fc1.",
       {{".se.fc1.", ".fc1."}, {".se.fc2.", ".fc2."}},
       together(torch_style, {{"se_fc", "linear"}}),
       with_prefix("se_", all_of(resnets_for_images,
                                 {"resnext50_32x4d", "resnext101_32x4d", "resnext152_32x4d"}))},
      {"timm",
       "",
       {},
       together(torch_style, {{"dropout", "0"}, {"se_fc", "1x1"}, {"se_least", "8"}}),
       all_of(all_of(resnets_for_images, resnexts),
              all_of(with_prefix("se_", all_of(resnets_for_images, resnexts)), of_timm_alone))},
      {"torchvision",
       "",
       {},
       torch_style,
       all_of(resnets_for_images,
              {"resnext50_32x4d", "resnext101_64x4d", "vgg16_bn", "inception_v3"})},
      {"excite", "", {}, {}, {}},
  };
  return table;
}

bool Dialect::has(const std::string& model) const {
  return models.empty() || std::find(models.begin(), models.end(), model) != models.end();
}

const Dialect& own_dialect() { return dialects().back(); }

const Dialect& dialect_of(const std::vector<std::string>& names) {
  const auto spoken = [&](const Dialect& d) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return name.starts_with(d.mark); });
  };
  return *std::find_if(dialects().begin(), dialects().end() - 1, spoken);
}

const Dialect& line_with(const Dialect& spoken, const std::string& model) {
  if (spoken.has(model)) return spoken;
  for (const Dialect& d : dialects())
    if (d.mark == spoken.mark && &d != &own_dialect() && d.has(model)) return d;
  return spoken;
}

std::string Dialect::theirs(const std::string& our) const { return said_as(words, our); }

std::string Dialect::ours(const std::string& their) const {
  std::vector<std::pair<std::string, std::string>> turned;
  for (const auto& [our, same] : words) turned.emplace_back(same, our);
  return said_as(turned, their);
}

bool is_counter(const std::string& name) { return name.ends_with(".num_batches_tracked"); }
bool is_auxiliary(const std::string& name) { return name.starts_with("AuxLogits."); }

}  // namespace excite
