// Residual networks (He et al., arXiv 1512.03385) and their SE forms (Hu et al., arXiv 1709.01507),
// built from a table of their stages.
//
//   a block:   y = relu(branch(x) + shortcut(x))       branch   = bn conv relu ... bn conv   (read
//   from right to left)
//                                                      shortcut = x, or what makes x fit where the
//                                                      shape changes
//   a network: stem, pool, the blocks of each stage, mean over all pixels, linear
#pragma once
#include <optional>
#include <vector>

#include "core/check.h"
#include "layers/conv_bn.h"
#include "layers/dropout.h"
#include "models/placement.h"

namespace excite {

// Where the shape changes. A: every second pixel, and zeros for the new channels; B: a 1x1
// convolution and bn; B3: B, but 3x3 if it has a stride.
enum class Shortcut { A, B, B3 };

// Every second pixel (or third, ...), and zeros for so many new channels; x itself where nothing
// changes.
Var every_nth_pixel(const Var& x, long n, long new_channels);

struct BranchConv {
  long kernel, out, stride = 1, groups = 1;
};
Conv2d same_size(long in, const BranchConv& c,
                 Rng& rng);  // padded so that without a stride the image keeps its size

struct ResidualBlock : Module {
  std::vector<ConvNorm> branch;
  std::optional<PlacedSe> se;
  std::optional<ConvNorm> projection;
  long stride = 1, widened;  // pixels that the block skips, channels that it adds
  ResidualBlock(long in, const std::vector<BranchConv>& convs, Shortcut shortcut,
                const std::optional<SeOptions>& with, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;

 private:
  Var shortcut(const Var& x, Mode mode) const;
};

// A row of a network's table. The strides are the first block's; those after it have none.
struct Stage {
  long blocks;
  std::vector<BranchConv> branch;
};

// Calls make(number of the stage, number of the block in it, channels that come in, branch) for
// each block of the table.
template <class Make>
void each_block(const std::vector<Stage>& stages, long in, const Make& make) {
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

inline std::string layer_name(long stage, long block) {
  return text("layer", stage - 1, ".", block);
}

struct ResidualDesign {
  std::string name;
  std::vector<BranchConv> stem;            // each with bn and ReLU
  std::optional<Pool2dOptions> pool = {};  // max
  std::vector<Stage> stages = {};          // 2, 3, ...
  Shortcut shortcut = Shortcut::B;
  std::optional<SeOptions> se = {};
  double dropout = 0;  // before the last layer
};

struct ResidualNetwork : Module {
  ResidualDesign design;
  std::vector<ConvNorm> stem;
  std::vector<ResidualBlock> blocks;
  std::optional<Dropout> dropout;
  Linear fc;
  ResidualNetwork(const ResidualDesign& table, long classes, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;  // [N, H, W, 3] -> logits [N, classes]
  long smallest() const;                          // side of an image

 private:
  std::vector<ConvNorm> make_stem(Rng& rng);
  std::vector<ResidualBlock> make_blocks(Rng& rng);
};

}  // namespace excite
