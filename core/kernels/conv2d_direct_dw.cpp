// The weight gradient of the direct convolution.
#include <span>
#include <vector>

#include "core/kernels/conv2d_direct.h"
#include "core/kernels/conv2d_direct_parts.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/gradient_tree.h"
#include "core/parallel.h"

namespace excite {

namespace {

// A block of the gradient: of wide group g, the panels from column k on, `columns` wide together,
// and of each tap the input channels [begin, end). The numbers of a panel are contiguous:
// [taps][end - begin][panel width]. The blocks follow each other by group, column and channels.
struct GradientBlock {
  long g, k, columns, begin, end;
  long channels() const { return end - begin; }
};
constexpr long panel = tile_vectors * lanes, channels_per_block = 96;

// The sums of a block stay in a core's cache, so it has one panel if there are many taps.
long columns_per_block(const Conv2dShape& q) { return q.r * q.s == 1 ? 4 * panel : panel; }

// The block of group g whose numbers include column k and channel c.
GradientBlock block_with(const Conv2dShape& q, const Groups& groups, long g, long k, long c) {
  const long columns = columns_per_block(q), first = k / columns * columns,
             begin = c / channels_per_block * channels_per_block;
  return {g, first, std::min(columns, whole_vectors(groups.out) - first), begin,
          std::min(groups.in, begin + channels_per_block)};
}
std::vector<GradientBlock> gradient_blocks(const Conv2dShape& q, const Groups& groups) {
  std::vector<GradientBlock> blocks;
  for (long g = 0; g < groups.count; g++)
    for (long k = 0; k < groups.out; k += columns_per_block(q))
      for (long c = 0; c < groups.in; c += channels_per_block)
        blocks.push_back(block_with(q, groups, g, k, c));
  return blocks;
}
long block_at(const Conv2dShape& q, const Groups& groups, const GradientBlock& block) {
  const long columns_before = block.g * whole_vectors(groups.out) + block.k;
  return q.r * q.s * (columns_before * groups.in + block.begin * block.columns);
}
// The panel of column k within its block.
long panel_at(const Conv2dShape& q, const GradientBlock& block, long k) {
  return q.r * q.s * block.channels() * (k - block.k);
}
long block_size(const Conv2dShape& q, const GradientBlock& block) {
  return panel_at(q, block, block.k + block.columns);
}

// Image n's part in the gradient of a block: the step of its shard, and whether it is the shard's
// first and last image.
struct ImageOfShard {
  long n;
  TreeStep step;
  bool is_first, is_last;
};

// Image n of dy in the panel of column k: dy itself, or if the last vector would reach beyond the
// group's channels, a copy with zeros.
struct PanelOfGradient {
  long width, stride;
  std::vector<real> copy;
  const real* numbers;
  PanelOfGradient(const Conv2dShape& q, const Groups& groups, const real* dy, long n, long g,
                  long k)
      : width(panel_width(k, groups.out)),
        stride(q.k),
        numbers(dy + n * q.oh * q.ow * q.k + g * groups.out + k) {
    const long count = std::min(width, groups.out - k);
    if (count == width) return;
    copy.resize(q.oh * q.ow * width, real(0));
    for (long p = 0; p < q.oh * q.ow; p++)
      std::copy_n(numbers + p * q.k, count, copy.data() + p * width);
    numbers = copy.data(), stride = width;
  }
  StridedPixels at(const Conv2dShape& q, long i, long j) const {
    return {numbers + (i * q.ow + j) * stride, stride, q.ow * stride};
  }
};

constexpr long pixels_per_pass = 128, max_columns_per_pass = 256;

// The first `channels` channels of some pixels, one pixel after the other in `packed`. Where pixels
// are a large power of two apart, as with many channels, they compete for the same cache sets.
StridedPixels packed_pixels(const StridedPixels& x, long lines, long pixels, long channels,
                            real* packed) {
  real* to = packed;
  for (long i = 0; i < lines; i++)
    for (long j = 0; j < pixels; j++, to += channels) {
      const real* from = x.first + i * x.line_stride + j * x.pixel_stride;
      for_vectors(channels,
                  [&](long c, auto count) { store(to + c, load(from + c, count), count); });
    }
  return {packed, channels, pixels * channels};
}

// Adds the contribution of an image to a block of dw, whose sums wait at levels[...], `offset`
// numbers on. A few rows of the image are processed at a time, so that they stay in a core's cache
// for all taps and channels, and that sums in real lose no digits. If there is one tap, its pixels
// are packed first, for all panels.
void add_gradient(const Conv2dShape& q, const Grid& grid, const Groups& groups, const real* x,
                  const real* dy, const ImageOfShard& image, const GradientBlock& block,
                  std::span<real* const> levels, long offset, real* packed) {
  const long n = image.n, g = block.g, channels = block.channels();
  std::vector<PanelOfGradient> panels;
  for (long k = block.k; k < block.k + block.columns; k += panel)
    panels.emplace_back(q, groups, dy, n, g, k);
  const long lines_per_pass = std::max(1l, pixels_per_pass / q.ow);
  const auto first_inside = [](long at, long step) {
    return at >= 0 ? 0 : (-at + step - 1) / step;
  };
  const auto after_inside = [](long at, long step, long size, long count) {
    return std::clamp((size - at + step - 1) / step, 0l, count);
  };
  const auto add_pass = [&](long line, long col) {
    const long end_line = std::min(q.oh, line + lines_per_pass),
               end_col = std::min(q.ow, col + max_columns_per_pass);
    const bool is_first = image.is_first && line == 0 && col == 0,
               is_last = image.is_last && end_line == q.oh && end_col == q.ow;
    for (const Tap& tap : grid.taps) {
      const long i0 = std::max(line, first_inside(tap.row, q.stride.h)),
                 i1 = after_inside(tap.row, q.stride.h, q.h, end_line);
      const long j0 = std::max(col, first_inside(tap.col, q.stride.w)),
                 j1 = after_inside(tap.col, q.stride.w, q.w, end_col);
      const bool is_empty = i0 >= i1 || j0 >= j1;
      if (is_empty && !is_first && !is_last) continue;
      const long pixel = (n * q.h + i0 * q.stride.h + tap.row) * q.w + j0 * q.stride.w + tap.col,
                 lines = is_empty ? 0 : i1 - i0;
      const OuterPart part = part_of_shard(image.step, is_first, is_last, 0, lines, j1 - j0);
      StridedPixels from{x + pixel * q.c + g * groups.in + block.begin, q.stride.w * q.c,
                         q.stride.h * q.w * q.c};
      if (grid.taps.size() == 1 && panels.size() > 1)
        from = packed_pixels(from, lines, j1 - j0, channels, packed);
      for (std::size_t p = 0; p < panels.size(); p++) {
        const long width = panels[p].width,
                   at = offset + panel_at(q, block, block.k + static_cast<long>(p) * panel);
        for_tile_rows(channels, tile_rows(width), [&](long first, long rows) {
          const long to = at + (tap.weight * channels + first) * width;
          TileLevels tiles;
          for (std::size_t level = 0; level < levels.size(); level++)
            tiles[level] = {levels[level] + to, width};
          microkernel_outer({from.first + first, from.pixel_stride, from.line_stride}, rows,
                            panels[p].at(q, i0, j0), width, {&part, 1}, tiles.data());
        });
      }
    }
  };
  for (long line = 0; line < q.oh; line += lines_per_pass)
    for (long col = 0; col < q.ow; col += max_columns_per_pass) add_pass(line, col);
}

// Adds the shards of a subtree: the blocks from `begin` to before `end`, whose numbers are written
// to `dw`.
void add_shards(const Conv2dShape& q, const Groups& groups, const real* x, const real* dy,
                const Shards& shards, const Subtree& tree, const GradientBlock* begin,
                const GradientBlock* end, real* dw) {
  const auto [first, last] = tree;
  const Grid grid = forward_grid(q);
  const long at = block_at(q, groups, *begin),
             size = block_at(q, groups, end[-1]) + block_size(q, end[-1]) - at;
  const int top = tree_levels(last - first);
  Buffer waiting(top * size),
      packed(std::max(pixels_per_pass, max_columns_per_pass) * channels_per_block);
  std::vector<real*> levels(top + 1, dw);
  for (int level = 0; level < top; level++) levels[level] = waiting.data() + level * size;
  for (long shard = first; shard < last; shard++) {
    const TreeStep step = tree_step(shard - first, last - first);
    const long first_image = shards.begin(shard), last_image = shards.end(shard) - 1;
    for (const GradientBlock* block = begin; block < end; block++)
      for (long n = first_image; n <= last_image; n++)
        add_gradient(q, grid, groups, x, dy, {n, step, n == first_image, n == last_image}, *block,
                     levels, block_at(q, groups, *block) - at, packed.data());
  }
}

// The blocks of the gradient -> dw [R, S, C/groups, K].
void unpack(const Conv2dShape& q, const Groups& groups, const real* blocks, real* dw) {
  parallel_for(q.r * q.s * q.cg, [&](long i) {
    for (long g = 0; g < q.groups; g++) {
      const long m = g % groups.merged, tap = i / q.cg, c = m * q.cg + i % q.cg;
      for_packed_runs(m * q.kg, q.kg, [&](long column, long k, long count) {
        const GradientBlock block = block_with(q, groups, g / groups.merged, column, c);
        const long first = column / panel * panel, width = panel_width(first, groups.out);
        const real* from = blocks + block_at(q, groups, block) + panel_at(q, block, first);
        std::copy_n(from + (tap * block.channels() + c - block.begin) * width + column - first,
                    count, dw + i * q.k + g * q.kg + k);
      });
    }
  });
}

}  // namespace

// A call of the parallel loop sums a part of the weight over a subtree of the shards: all blocks of
// a small weight, so that the images are read once, or one block of a large one, so that its sums
// stay in a core's cache.
Tensor conv2d_direct_dw(const Conv2dShape& q, const Tensor& x, const Tensor& dy) {
  if (q.n == 0) return zeros(q.weight());
  constexpr long min_pieces_of_large_weight = 16;
  const Groups groups(q.groups, q.cg, q.kg);
  const std::vector<GradientBlock> blocks = gradient_blocks(q, groups);
  const long pieces = groups.count * ((groups.out + panel - 1) / panel) *
                      ((groups.in + channels_per_block - 1) / channels_per_block),
             parts = pieces >= min_pieces_of_large_weight ? std::ssize(blocks) : 1,
             blocks_per_part = std::ssize(blocks) / parts;
  const Shards shards(q.n);
  const OwnLeaves own = shards.own();
  const std::vector<Subtree> trees = subtrees(own, shards_per_subtree(own.last - own.first, parts));
  std::vector<Tensor> sums(trees.size());
  for (Tensor& sum : sums)
    sum = Tensor({groups.count * packed_size(q.r * q.s * groups.in, groups.out)});
  parallel_for(std::ssize(sums) * parts, [&](long i) {
    const GradientBlock* begin = blocks.data() + i % parts * blocks_per_part;
    add_shards(q, groups, x.data(), dy.data(), shards, trees[i / parts], begin,
               begin + blocks_per_part, sums[i / parts].data() + block_at(q, groups, *begin));
  });
  Tensor dw(q.weight());
  sum_of_subtrees(shards.count, trees, std::move(sums), dw.data(),
                  [q, groups, to = dw.data()](const real* total) { unpack(q, groups, total, to); });
  return dw;
}

}  // namespace excite
