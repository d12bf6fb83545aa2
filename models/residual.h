// Residual networks (He et al., arXiv 1512.03385) and their SE variants (Hu et al., arXiv
// 1709.01507), built from a table of their stages.
//
//   block:   y = relu(branch(x) + shortcut(x))
//            branch(x)   = bn(conv(... relu(bn(conv(x)))))
//            shortcut(x) = x, or where the shape changes, one of Shortcut's projections
//   network: stem, pool, the blocks of each stage, global average pool, linear
#pragma once
#include <optional>
#include <vector>

#include "core/check.h"
#include "layers/conv_bn.h"
#include "layers/dropout.h"
#include "models/placement.h"
#include "models/shortcut.h"

namespace excite {

struct BranchConv {
  long kernel, out, stride = 1, groups = 1;  // out: its channels
};
// Padded by kernel / 2, so that at stride 1 the output has the input's height and width.
Conv2d same_padding_conv(long in, const BranchConv& c, Rng& rng);

struct ResidualBlock : Module {
  std::vector<ConvNorm> branch;
  std::optional<PlacedSe> se;
  ShortcutLayer shortcut;
  ResidualBlock(long in, const std::vector<BranchConv>& convs, Shortcut kind,
                const std::optional<SeOptions>& se_options, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;

 private:
  std::vector<ConvNorm> make_branch(long in, const std::vector<BranchConv>& convs, Rng& rng);
  std::optional<PlacedSe> make_se(long in, const std::vector<BranchConv>& convs,
                                  const std::optional<SeOptions>& se_options, Rng& rng);
};

// A row of a network's table: a number of blocks with the same branch. The strides are those of the
// first block; the other blocks have stride 1.
struct Stage {
  long blocks;
  std::vector<BranchConv> branch;
};

// Calls make(stage, block, in, branch) for each block of the table. Stages are numbered from 2
// (the stem is stage 1), blocks from 0; `in` is the number of input channels.
template <class Make>
void for_each_block(const std::vector<Stage>& stages, long in, const Make& make) {
  long number = 2;
  for (Stage stage : stages) {
    for (long block = 0; block < stage.blocks; block++) {
      make(number, block, in, stage.branch);
      in = stage.branch.back().out;
      for (BranchConv& c : stage.branch) c.stride = 1;
    }
    number++;
  }
}

// layer1.0 is the first block of stage 2.
inline std::string layer_name(long stage, long block) {
  return text("layer", stage - 1, ".", block);
}

struct ResidualDesign {
  std::string name;
  std::vector<BranchConv> stem;            // each followed by batch norm and ReLU
  std::optional<Pool2dOptions> pool = {};  // max pool after the stem
  std::vector<Stage> stages = {};          // stage 2, 3, ...
  Shortcut shortcut = Shortcut::B;
  std::optional<SeOptions> se = {};
  double dropout = 0;  // probability, before the last layer
};

struct ResidualNetwork : Module {
  ResidualDesign design;
  std::vector<ConvNorm> stem;
  std::vector<ResidualBlock> blocks;
  std::optional<Dropout> dropout;
  Linear fc;
  ResidualNetwork(const ResidualDesign& table, long classes, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;  // [N, H, W, 3] -> logits [N, classes]
  long min_image_size() const;                    // side in pixels

 private:
  std::vector<ConvNorm> make_stem(Rng& rng);
  std::vector<ResidualBlock> make_blocks(Rng& rng);
};

}  // namespace excite
