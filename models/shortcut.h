// The shortcut of a residual block, y = relu(branch(x) + shortcut(x)) (He et al., arXiv 1512.03385,
// section 3.3).
#pragma once
#include <optional>

#include "layers/conv_bn.h"

namespace excite {

// What the shortcut computes where a block changes the shape. Elsewhere it is x itself.
enum class Shortcut {
  A,  // every stride-th pixel, and zeros for the new channels; no parameters
  B,  // bn(conv(x)) with a 1x1 convolution
  B3  // B, but with a 3x3 convolution where the stride is above 1
};

// Shortcut A: [N, H, W, C] -> [N, ceil(H / stride), ceil(W / stride), C + new_channels].
Var subsample(const Var& x, long stride, long new_channels);

struct ShortcutLayer : Module {
  long stride, new_channels;           // new_channels = out - in
  std::optional<ConvNorm> projection;  // of shortcuts B and B3, where the shape changes
  ShortcutLayer(long in, long out, long block_stride, Shortcut kind, Rng& rng);
  Var operator()(const Var& x, Mode mode) const {
    return projection ? (*projection)(x, mode) : subsample(x, stride, new_channels);
  }
};

}  // namespace excite
