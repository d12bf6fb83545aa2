// VGG (Simonyan, Zisserman, arXiv 1409.1556) with batch norm. SE-VGG has squeeze-and-excitation
// after the ReLU of each convolution (Hu et al., arXiv 1709.01507, section 5.1).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "layers/conv_bn.h"
#include "layers/dropout.h"
#include "models/placement.h"

namespace excite {

// 3x3 convolutions, and a pool that halves the image.
struct VggGroup {
  long convs, channels;
};

struct VggDesign {
  std::string name;
  std::vector<VggGroup> groups;
  long hidden = 4096;    // width of the two linear layers before the last
  double dropout = 0.5;  // probability, after each of them
  std::optional<SeOptions> se = {};
};
VggDesign vgg16_bn();   // column D of the paper's table 1
VggDesign small_vgg();  // for gradient checks

struct Vgg : Module {
  VggDesign design;
  std::vector<ConvNorm> convs;
  std::vector<std::optional<SqueezeExcite>> se;
  std::vector<Linear> linear;
  std::vector<Dropout> dropout;
  Vgg(const VggDesign& table, long classes, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;  // [N, H, W, 3] -> logits [N, classes]
  long min_image_size() const { return 1l << design.groups.size(); }
};

}  // namespace excite
