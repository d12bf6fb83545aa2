// Pre-activation residual networks for 32x32 images: their blocks begin with batch norm and ReLU
// (He et al., arXiv 1603.05027). Wide residual networks (Zagoruyko, Komodakis, arXiv 1605.07146)
// have the same blocks with more channels.
//
//   block:   y = branch(x) + shortcut(x),   branch(x) = conv(relu(bn(... conv(relu(bn(x))))))
//
// Where the shape changes, shortcut B is a 1x1 convolution of the branch's first relu(bn(x)), and
// shortcut A is every stride-th pixel of x, with zeros for the new channels.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/residual.h"

namespace excite {

struct PreactBlock : Module {
  BatchNorm2d first;
  std::vector<ConvNorm> inner;  // each convolution but the last, and the batch norm after it
  std::optional<Conv2d> last, projection;
  std::optional<PlacedSe> se;
  long new_channels, stride = 1;
  PreactBlock(long in, const std::vector<BranchConv>& convs, Shortcut kind,
              const std::optional<SeOptions>& se_options, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;
};

struct PreactDesign {
  std::string name;
  std::vector<Stage> stages;  // stage 2, 3, 4
  long stem = 16;             // output channels
  Shortcut shortcut = Shortcut::B;
  std::optional<SeOptions> se = {};
};
PreactDesign preact_resnet110();         // of two 3x3 convolutions per block
PreactDesign preact_resnet164();         // of bottlenecks
PreactDesign wrn_16_8();                 // 16 layers, 8 times as many channels
PreactDesign small_preact();             // for gradient checks
PreactDesign small_preact_bottleneck();  // the same
// Moves the stride of bottlenecks from their first 1x1 convolution to the 3x3 convolution.
PreactDesign with_stride_on_3x3(PreactDesign design);

struct PreactNetwork : Module {
  PreactDesign design;
  Conv2d conv1;
  std::vector<PreactBlock> blocks;
  BatchNorm2d bn;
  Linear fc;
  PreactNetwork(const PreactDesign& table, long classes, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;  // [N, H, W, 3] -> logits [N, classes]
  long min_image_size() const { return 1; }

 private:
  std::vector<PreactBlock> make_blocks(Rng& rng);
};

}  // namespace excite
