// VGG (Simonyan, Zisserman, arXiv 1409.1556) with batch-norm. With squeeze-and-excitation after
// every ReLU of a convolution, as Hu et al. (arXiv 1709.01507, section 5.1) put it into networks
// without shortcuts.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "layers/conv_bn.h"
#include "layers/dropout.h"
#include "models/placement.h"

namespace excite {

// So many 3x3 convolutions of so many channels, and a pool that halves the image.
struct VggGroup {
  long convs, channels;
};

struct VggDesign {
  std::string name;
  std::vector<VggGroup> groups;
  long hidden = 4096;    // of the two layers before the last
  double dropout = 0.5;  // behind each of them
  std::optional<SeOptions> se = {};
};
VggDesign vgg16_bn();   // column D of their table 1
VggDesign small_vgg();  // for gradient checks

struct Vgg : Module {
  VggDesign design;
  std::vector<ConvNorm> convs;
  std::vector<std::optional<SqueezeExcite>> se;
  std::vector<Linear> linear;
  std::vector<Dropout> dropout;
  Vgg(const VggDesign& table, long classes, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;  // [N, H, W, 3] -> logits [N, classes]
  long smallest() const { return 1l << design.groups.size(); }
};

}  // namespace excite
