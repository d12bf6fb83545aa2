// ShuffleNet 1x of three groups (Zhang et al., arXiv 1707.01083, table 1): 1x1 convolutions of
// groups, whose channels are shuffled so that the groups learn of each other. A unit is a residual
// block, but where it halves the image it puts branch and shortcut side by side instead of adding
// them. With squeeze-and-excitation at the end of the branch; the paper does not say where (see the
// README).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/residual.h"

namespace excite {

struct ShuffleUnit : Module {
  long groups, stride;
  ConvNorm reduce, depthwise, expand;
  std::optional<PlacedSe> se;
  ShuffleUnit(long in, const BranchConv& c, long groups, long first_groups,
              const std::optional<SeOptions>& with, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;
};

struct ShufflenetDesign {
  std::string name;
  long stem;                  // channels
  std::vector<Stage> stages;  // of each the depthwise kernel, channels, stride; 2, 3, ...
  long groups = 3;
  std::optional<SeOptions> se = {};
};
ShufflenetDesign shufflenet();
ShufflenetDesign small_shufflenet();  // for gradient checks

struct Shufflenet : Module {
  ShufflenetDesign design;
  ConvNorm stem;
  std::vector<ShuffleUnit> units;
  Linear fc;
  Shufflenet(const ShufflenetDesign& table, long classes, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;  // [N, H, W, 3] -> logits [N, classes]
  long smallest() const { return 1; }

 private:
  std::vector<ShuffleUnit> make_units(Rng& rng);
};

}  // namespace excite
