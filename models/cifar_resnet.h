// SE-ResNet for 32x32 images: the networks of He et al. (arXiv 1512.03385, section 4.2) with the
// blocks of Hu et al. (arXiv 1709.01507, figure 3). This is the network to read first. The general
// form, with bottlenecks and other placements of squeeze-and-excitation, is in models/residual.h.
#pragma once
#include <vector>

#include "layers/conv_bn.h"
#include "models/shortcut.h"

namespace excite {

// Two 3x3 convolutions, the SE block, and the shortcut:  [N, H, W, in] -> [N, H/stride, W/stride,
// out]
struct SeBasicBlock : Module, Block<SeBasicBlock> {
  Conv2d conv1;
  BatchNorm2d bn1;
  Conv2d conv2;
  BatchNorm2d bn2;
  SqueezeExcite se;
  ShortcutLayer shortcut;

  SeBasicBlock(long in, long out, long stride, const SqueezeExciteOptions& options, Shortcut kind,
               Rng& rng)
      : conv1(own("conv1", Conv2d(in, out, 3, rng, {.stride = stride, .pad = 1}))),
        bn1(own("bn1", BatchNorm2d(out))),
        conv2(own("conv2", Conv2d(out, out, 3, rng, {.pad = 1}))),
        bn2(own("bn2", BatchNorm2d(out))),
        se(own("se", SqueezeExcite(out, options, rng))),
        shortcut(own("downsample", ShortcutLayer(in, out, stride, kind, rng))) {}

  Var forward(const Var& x, Mode mode) const {
    const Var u = bn2(conv2(relu(bn1(conv1(x), mode))), mode);
    return relu(se(u) + shortcut(x, mode));
  }
};

// n for a depth of 6 n + 2: 20, 32, 44, 56 or 110 layers. Another depth is a UsageError.
long cifar_blocks_per_stage(long depth);

// A convolution, three stages of n blocks with 16, 32 and 64 channels, and a linear layer. There
// are 6 n + 2 layers with weights: depth 20, 32, 44, 56 or 110. Another depth is a UsageError.
struct CifarSeResNet : Module, Block<CifarSeResNet> {
  Conv2d conv1;
  BatchNorm2d bn1;
  std::vector<SeBasicBlock> blocks;
  Linear fc;

  CifarSeResNet(long depth, const SqueezeExciteOptions& se, Shortcut kind, long classes, Rng& rng);
  Var forward(const Var& x, Mode mode) const;  // [N, H, W, 3] -> logits [N, classes]
  long min_image_size() const { return 1; }    // side in pixels

 private:
  std::vector<SeBasicBlock> make_blocks(long depth, const SqueezeExciteOptions& se, Shortcut kind,
                                        Rng& rng);
};

}  // namespace excite
