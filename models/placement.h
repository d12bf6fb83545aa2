// Where a block of a network applies squeeze-and-excitation. The formulas are for a residual block,
// y = relu(branch(x) + shortcut(x)) (Hu et al., arXiv 1709.01507, section 6).
#pragma once
#include <algorithm>
#include <optional>
#include <vector>

#include "layers/squeeze_excite.h"

namespace excite {

enum class Placement {
  standard,   // relu(se(branch(x)) + shortcut(x))
  pre,        // relu(branch(se(x)) + shortcut(x))
  post,       // se(relu(branch(x) + shortcut(x)))
  identity,   // relu(branch(x) + se(shortcut(x)))
  inside,     // in the branch, before its last convolution (the paper's SE_3x3)
  after_relu  // relu(se(relu(branch(x))) + shortcut(x)): not in the paper; timm's
              // legacy_seresnet18 and 34 do this
};

// The options of a network's squeeze-and-excitation blocks.
struct SeOptions : SqueezeExciteOptions {
  Placement place = Placement::standard;
  std::vector<long> stages{2, 3, 4, 5};  // the stages whose blocks have one
};

// The options if this stage has squeeze-and-excitation, else none.
inline std::optional<SeOptions> se_in_stage(const std::optional<SeOptions>& se, long stage) {
  return se && std::count(se->stages.begin(), se->stages.end(), stage) ? se : std::nullopt;
}

// Squeeze-and-excitation of one block.
struct PlacedSe {
  SqueezeExcite block;
  Placement place;
};

// Whether the branch contains it. If not, it scales the sum or the shortcut.
inline bool in_branch(Placement place) {
  return place != Placement::post && place != Placement::identity;
}

// The number of channels that squeeze-and-excitation scales. The block has `in` channels at its
// input, `middle` at the input of the branch's last convolution and `out` at its output.
inline long se_channels(Placement place, long in, long middle, long out) {
  return place == Placement::pre ? in : place == Placement::inside ? middle : out;
}

// se(u) if the block's squeeze-and-excitation has this placement, else u.
inline Var apply_se_at(Placement place, const std::optional<PlacedSe>& se, const Var& u) {
  return se && se->place == place ? se->block(u) : u;
}

}  // namespace excite
