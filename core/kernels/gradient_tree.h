// The tree over shards (core/tree_sum.h) for gradients of weights. The microkernel adds the waiting
// sums to its own before it writes, so the tree takes no passes over memory of its own.
#pragma once
#include <array>

#include "core/kernels/microkernel.h"
#include "core/tree_sum.h"

namespace excite {

// The levels of a tree of at most 1024 shards, and that of its result.
inline constexpr int max_tree_levels = 11;
static_assert(1l << (max_tree_levels - 1) == Shards::max_count);

// A tile of the microkernel in the sums that wait at each level.
using TileLevels = std::array<Tile, max_tree_levels>;

// Some pixels of a shard. The first ones begin the shard's sum, and to the last ones the waiting
// sums are added.
inline OuterPart part_of_shard(const TreeStep& step, bool is_first, bool is_last, long first_pixel,
                               long lines, long pixels) {
  const unsigned long own = is_first ? 0 : 1ul << step.level, waiting = is_last ? step.added : 0;
  return {first_pixel, lines, pixels, step.level, own | waiting};
}

}  // namespace excite
