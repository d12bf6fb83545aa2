// ShuffleNet 1x with three groups (Zhang et al., arXiv 1707.01083, table 1). Its 1x1 convolutions
// have groups, and shuffling the channels lets information pass between groups. A unit is a
// residual block; where it halves the image, it concatenates branch and shortcut instead of adding
// them. SE-ShuffleNet has squeeze-and-excitation at the end of the branch; Hu et al. do not say
// where (see models/README.md).
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
              const std::optional<SeOptions>& se_options, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;
};

struct ShufflenetDesign {
  std::string name;
  long stem;                  // output channels
  std::vector<Stage> stages;  // stage 2, 3, ...; BranchConv: depthwise kernel, channels, stride
  long groups = 3;
  std::optional<SeOptions> se = {};
};
ShufflenetDesign shufflenet();        // of table 1
ShufflenetDesign small_shufflenet();  // for gradient checks

struct Shufflenet : Module {
  ShufflenetDesign design;
  ConvNorm stem;
  std::vector<ShuffleUnit> units;
  Linear fc;
  Shufflenet(const ShufflenetDesign& table, long classes, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;  // [N, H, W, 3] -> logits [N, classes]
  long min_image_size() const { return 1; }

 private:
  std::vector<ShuffleUnit> make_units(Rng& rng);
};

}  // namespace excite
