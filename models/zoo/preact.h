// Residual networks whose blocks begin with batch-norm and ReLU (He et al., "Identity mappings",
// arXiv 1603.05027), for 32x32 images. Wide residual networks (Zagoruyko, Komodakis, arXiv
// 1605.07146) are the same, but wider.
//
//   a block:   y = branch(x) + shortcut(x)       branch = conv relu bn ... conv relu bn   (read
//   from right to left)
//
// Where the shape changes, the shortcut is a 1x1 convolution of what the first batch-norm and ReLU
// made (B), or every stride-th pixel of x, with zeros for the new channels (A).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/residual.h"

namespace excite {

struct PreactBlock : Module {
  BatchNorm2d first;
  std::vector<ConvNorm>
      inner;  // every convolution but the last, with the batch-norm that follows it
  std::optional<Conv2d> last, projection;
  std::optional<PlacedSe> se;
  long widened, stride = 1;
  PreactBlock(long in, const std::vector<BranchConv>& convs, Shortcut shortcut,
              const std::optional<SeOptions>& with, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;
};

struct PreactDesign {
  std::string name;
  std::vector<Stage> stages;  // 2, 3, 4
  long stem = 16;             // channels
  Shortcut shortcut = Shortcut::B;
  std::optional<SeOptions> se = {};
};
PreactDesign preact_resnet110();
PreactDesign preact_resnet164();  // of bottlenecks
PreactDesign wrn_16_8();
PreactDesign small_preact();  // for gradient checks
PreactDesign small_preact_bottleneck();
PreactDesign with_stride_on_3x3(
    PreactDesign design);  // of bottlenecks, where it stands on the first 1x1

struct PreactNetwork : Module {
  PreactDesign design;
  Conv2d conv1;
  std::vector<PreactBlock> blocks;
  BatchNorm2d bn;
  Linear fc;
  PreactNetwork(const PreactDesign& table, long classes, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;  // [N, H, W, 3] -> logits [N, classes]
  long smallest() const { return 1; }

 private:
  std::vector<PreactBlock> make_blocks(Rng& rng);
};

}  // namespace excite
