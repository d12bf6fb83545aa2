// MobileNet (Howard et al., arXiv 1704.04861, table 1). A block is a depthwise 3x3 convolution and
// a 1x1 convolution, each with batch norm and ReLU. SE-MobileNet has squeeze-and-excitation after
// the ReLU of the 1x1 convolution; Hu et al. do not say where (see models/README.md).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/residual.h"

namespace excite {

struct SeparableBlock : Module {
  ConvNorm depthwise, pointwise;
  std::optional<SqueezeExcite> se;
  SeparableBlock(long in, const BranchConv& c, const std::optional<SeOptions>& se_options,
                 Rng& rng);
  Var operator()(const Var& x, Mode mode) const;
};

struct MobilenetDesign {
  std::string name;
  long stem;                  // output channels
  std::vector<Stage> stages;  // stage 1, 2, ...; BranchConv: depthwise kernel, channels, stride
  std::optional<SeOptions> se = {};
};
MobilenetDesign mobilenet();        // of table 1
MobilenetDesign small_mobilenet();  // for gradient checks

struct Mobilenet : Module {
  MobilenetDesign design;
  ConvNorm stem;
  std::vector<SeparableBlock> blocks;
  Linear classifier;
  Mobilenet(const MobilenetDesign& table, long classes, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;  // [N, H, W, 3] -> logits [N, classes]
  long min_image_size() const { return 1; }

 private:
  std::vector<SeparableBlock> make_blocks(Rng& rng);
};

}  // namespace excite
