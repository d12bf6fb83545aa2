// Where squeeze-and-excitation stands in a residual block, y = relu(branch(x) + shortcut(x)) (Hu et
// al., arXiv 1709.01507, section 6).
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
  inside,     // standard, but before the branch's last convolution, on what those before it made
  after_relu  // relu(se(relu(branch(x))) + shortcut(x)): no place of the paper, but of timm's
              // legacy_seresnet18 and 34
};

// What a network is told of its squeeze-and-excitation.
struct SeOptions : SqueezeExciteOptions {
  Placement place = Placement::standard;
  std::vector<long> stages{2, 3, 4, 5};  // which have one
};

inline std::optional<SeOptions> se_in_stage(const std::optional<SeOptions>& se, long number) {
  return se && std::count(se->stages.begin(), se->stages.end(), number) ? se : std::nullopt;
}

// One block's.
struct PlacedSe {
  SqueezeExcite block;
  Placement place;
};

inline bool in_branch(Placement place) {
  return place != Placement::post && place != Placement::identity;
}

// The channels that it sees: x has `in`, what goes into the branch's last convolution `middle`.
inline long channels_at(Placement place, long in, long middle, long out) {
  return place == Placement::pre ? in : place == Placement::inside ? middle : out;
}

inline Var se_at(Placement here, const std::optional<PlacedSe>& se, const Var& u) {
  return se && se->place == here ? se->block(u) : u;
}

}  // namespace excite
