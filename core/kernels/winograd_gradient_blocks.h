// How the shards of a batch become blocks, whose tiles are multiplied together, for the gradient of
// a Winograd convolution.
#pragma once
#include <algorithm>
#include <bit>
#include <vector>

#include "core/kernels/gradient_tree.h"
#include "core/kernels/winograd_bands.h"

namespace excite {

// Consecutive bands: several whole shards, or a piece of one. `parts` are their tiles, shard by
// shard.
struct GradientBlock {
  long first, last;  // bands
  std::vector<OuterPart> parts;
};

// The products of so many tiles are added in real without losing digits. The bands of wide images
// have more.
inline constexpr long max_tiles_per_part = 256;

// With short vectors the products of a tile take more calls of the microkernel, so more tiles share
// a call.
inline long tiles_per_gradient_block(long numbers_per_tile) {
  return (vector_bytes < cache_line_bytes ? 2 : 1) * tiles_per_private_block(numbers_per_tile);
}

// The number of shards of a block of at most `tiles` tiles: a power of two, or 0 if one shard has
// more tiles.
inline long shards_per_block(const Bands& bands, const Shards& shards, long tiles) {
  const long images = (shards.batch + shards.count - 1) / shards.count;
  return static_cast<long>(
      std::bit_floor(static_cast<unsigned long>(tiles / (images * bands.per_image * bands.tiles))));
}

// The blocks of the shards [first, last), which are a subtree. A shard that is too long for a block
// is cut into pieces of at most `piece` bands. Its pieces are added in order, so they follow from
// the shapes alone.
inline std::vector<GradientBlock> gradient_blocks(const Bands& bands, const Shards& shards,
                                                  long first, long last, long tiles, long piece) {
  std::vector<GradientBlock> blocks;
  const long whole = shards_per_block(bands, shards, tiles);
  for (long shard = first; shard < last; shard++) {
    const TreeStep step = tree_step(shard - first, last - first);
    const long begin = shards.begin(shard) * bands.per_image,
               end = shards.end(shard) * bands.per_image;
    if (whole == 0) {
      for (long band = begin; band < end; band += piece) {
        const long band_end = std::min(end, band + piece);
        blocks.push_back({band, band_end, {}});
        const long count = (band_end - band) * bands.tiles;
        for (long tile = 0; tile < count; tile += max_tiles_per_part)
          blocks.back().parts.push_back(
              part_of_shard(step, band == begin && tile == 0,
                            band_end == end && tile + max_tiles_per_part >= count, tile, 1,
                            std::min(max_tiles_per_part, count - tile)));
      }
      continue;
    }
    if ((shard - first) % whole == 0) blocks.push_back({begin, begin, {}});
    GradientBlock& block = blocks.back();
    block.parts.push_back(part_of_shard(step, true, true, (begin - block.first) * bands.tiles, 1,
                                        (end - begin) * bands.tiles));
    block.last = end;
  }
  return blocks;
}

}  // namespace excite
