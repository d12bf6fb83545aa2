// Shake-Shake networks (Gastaldi, arXiv 1705.07485) for 32x32 images: residual networks whose
// blocks have two branches, and add a random mixture of them (layers/shake.h).
//
//   26 layers:   y = shortcut(relu(x)) + shake(branch1(relu(x)), branch2(relu(x)))
//                branch(x) = bn(conv(relu(bn(conv(x)))))
//                where the shape stays, shortcut is x; the last block is followed by a ReLU
//   29 layers:   y = relu(shortcut(x) + shake(branch1(x), branch2(x)))
//                branch(x) = bn(conv(relu(bn(conv(relu(bn(conv(x))))))))    a ResNeXt block
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
  std::optional<PlacedSe> se;  // if the placement is in the branch; else the block has one
  ShakeBranch(long in, const std::vector<BranchConv>& convs,
              const std::optional<SeOptions>& se_options, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;
};

// bn(concat(conv1(x), conv2(shifted x))): two 1x1 convolutions with a stride, each for half of the
// channels. The second sees the pixels one row above and one column to the left.
struct TwoPathShortcut : Module {
  Conv2d conv1, conv2;
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
  ShakeBlock(long in, const std::vector<BranchConv>& convs, ReluAt at, const ShakeOptions& shake,
             const std::optional<SeOptions>& se_options, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;

 private:
  Var shortcut(const Var& x, const Var& after_relu, Mode mode) const;
};

struct ShakeDesign {
  std::string name;
  long stem;                  // output channels
  std::vector<Stage> stages;  // stage 2, 3, 4; the convolutions of one branch
  ReluAt relu_at = ReluAt::start_of_branch;
  ShakeOptions shake = {};
  std::optional<SeOptions> se = {};
};
ShakeDesign shake_shake_26(long width);  // 26 2x32d: two branches of width 32
ShakeDesign shake_even_29_2x4x64d();     // 29 2x4x64d: two branches of 4 groups of 64
ShakeDesign small_shake();               // for gradient checks
ShakeDesign small_shake_bottleneck();    // the same

struct ShakeNetwork : Module {
  ShakeDesign design;
  ConvNorm stem;
  std::vector<ShakeBlock> blocks;
  Linear fc;
  ShakeNetwork(const ShakeDesign& table, long classes, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;  // [N, H, W, 3] -> logits [N, classes]
  long min_image_size() const { return 1; }

 private:
  std::vector<ShakeBlock> make_blocks(Rng& rng);
};

}  // namespace excite
