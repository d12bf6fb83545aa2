// Shake-Shake networks (Gastaldi, arXiv 1705.07485) for 32x32 images: residual networks whose
// blocks have two branches, and add a mixture of them.
//
//   a block of a 26-layer network:   y = shortcut(x) + shake(branch1(x), branch2(x)) branch = bn
//   conv relu bn conv relu a block of a 29-layer network:   y = relu(shortcut(x) +
//   shake(branch1(x), branch2(x)))      branch = bn conv relu bn conv relu bn conv
//
// (read from right to left). The first begin with a ReLU and have a last one behind the last block.
// The others are ResNeXt's blocks.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "layers/shake.h"
#include "models/residual.h"

namespace excite {

enum class ReluAt { start_of_branch, end_of_block };

struct ShakeBranch : Module {
  std::vector<ConvNorm> convs;
  std::optional<PlacedSe>
      se;  // of its own; where the placement is outside the branch, the block has one
  ShakeBranch(long in, const std::vector<BranchConv>& convs, const std::optional<SeOptions>& with,
              Rng& rng);
  Var operator()(const Var& x, Mode mode) const;
};

// bn of two halves side by side: 1x1 convolutions of every `stride`-th pixel, and of those one
// pixel above and to the left of them.
struct TwoPathShortcut : Module {
  Conv2d here, beside;
  BatchNorm2d bn;
  TwoPathShortcut(long in, long out, long stride, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;
};

struct ShakeBlock : Module {
  ReluAt relu_at;
  ShakeBranch branch1, branch2;
  Shake mix;
  std::optional<PlacedSe> se;
  std::optional<TwoPathShortcut> two_paths;
  std::optional<ConvNorm> projection;
  ShakeBlock(long in, const std::vector<BranchConv>& convs, ReluAt relu, const ShakeOptions& how,
             const std::optional<SeOptions>& with, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;

 private:
  Var shortcut(const Var& x, const Var& after_relu, Mode mode) const;
};

struct ShakeDesign {
  std::string name;
  long stem;                  // channels
  std::vector<Stage> stages;  // 2, 3, 4; the table of one branch
  ReluAt relu_at = ReluAt::start_of_branch;
  ShakeOptions shake = {};
  std::optional<SeOptions> se = {};
};
ShakeDesign shake_shake_26(long width);  // 2 x width d
ShakeDesign shake_even_29_2x4x64d();
ShakeDesign small_shake();  // for gradient checks
ShakeDesign small_shake_bottleneck();

struct ShakeNetwork : Module {
  ShakeDesign design;
  ConvNorm stem;
  std::vector<ShakeBlock> blocks;
  Linear fc;
  ShakeNetwork(const ShakeDesign& table, long classes, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;  // [N, H, W, 3] -> logits [N, classes]
  long smallest() const { return 1; }

 private:
  std::vector<ShakeBlock> make_blocks(Rng& rng);
};

}  // namespace excite
