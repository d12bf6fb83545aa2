// ResNet for 32x32 pictures (He et al., arXiv 1512.03385, section 4.2) and SE-ResNet, which puts a squeeze-and-excitation block at the
// end of every residual branch (Hu et al., arXiv 1709.01507).
//
//   stage     output       blocks             a block of width C:  relu(branch + shortcut),
//   stem      32x32x16     3x3                  branch   = [SE] bn 3x3 relu bn 3x3
//   layer1    32x32x16     n                    shortcut = the input itself, or where the shape changes
//   layer2    16x16x32     n                               B: a 1x1 convolution and bn
//   layer3     8x8x64      n                               A: every second pixel, and zeros for the new channels
//   head      classes      mean, linear       depth = 6 n + 2
#pragma once
#include <optional>
#include <vector>

#include "layers/compose.h"
#include "layers/linear.h"

namespace excite {

enum class Shortcut { A, B };

struct CifarResnetOptions {
  int depth = 20;
  long classes = 10;
  Shortcut shortcut = Shortcut::B;
  bool squeeze_excite = true;
  long reduction = 16;
  Bias se_bias = Bias::drawn;
};

// Shortcut B: what makes the input fit where a stage begins.
struct Projection : Module {
  Conv2d conv;
  BatchNorm2d bn;
  Projection(long in, long out, long stride, Rng& rng)
      : conv(own("0", Conv2d(in, out, 1, rng, {.stride = stride}))), bn(own("1", BatchNorm2d(out))) {}
  Var operator()(const Var& x, Mode mode) const { return conv_norm(conv, bn, x, mode); }
};

struct BasicBlock : Module {
  Conv2d conv1;
  BatchNorm2d bn1;
  Conv2d conv2;
  BatchNorm2d bn2;
  std::optional<SqueezeExcite> se;
  std::optional<Projection> projection;
  long widened, stride;  // channels that the block adds, pixels that it skips
  BasicBlock(long in, long out, long stride, const CifarResnetOptions& options, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;

 private:
  Var shortcut(const Var& x, Mode mode) const;
};

struct CifarResnet : Module {
  Conv2d conv1;
  BatchNorm2d bn1;
  std::vector<BasicBlock> blocks;
  Linear fc;
  CifarResnet(const CifarResnetOptions& options, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;  // [N, H, W, 3] -> logits [N, classes]

 private:
  std::vector<BasicBlock> stages(const CifarResnetOptions& options, Rng& rng);
};

}  // namespace excite
