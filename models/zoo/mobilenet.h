// MobileNet (Howard et al., arXiv 1704.04861, table 1): a 3x3 convolution of each channel by
// itself, then a 1x1 convolution over all of them. With squeeze-and-excitation after the ReLU of
// the latter; the paper does not say where (see the README).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/residual.h"

namespace excite {

struct SeparableBlock : Module {
  ConvNorm depthwise, pointwise;
  std::optional<SqueezeExcite> se;
  SeparableBlock(long in, const BranchConv& c, const std::optional<SeOptions>& with, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;
};

struct MobilenetDesign {
  std::string name;
  long stem;                  // channels
  std::vector<Stage> stages;  // of each the depthwise kernel, channels, stride; 1, 2, ...
  std::optional<SeOptions> se = {};
};
MobilenetDesign mobilenet();
MobilenetDesign small_mobilenet();  // for gradient checks

struct Mobilenet : Module {
  MobilenetDesign design;
  ConvNorm stem;
  std::vector<SeparableBlock> blocks;
  Linear classifier;
  Mobilenet(const MobilenetDesign& table, long classes, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;  // [N, H, W, 3] -> logits [N, classes]
  long smallest() const { return 1; }

 private:
  std::vector<SeparableBlock> make_blocks(Rng& rng);
};

}  // namespace excite
