#include "core/kernels/conv2d_winograd.h"

#include <memory>
#include <vector>

#include "core/kernels/elementwise.h"
#include "core/kernels/gradient_tree.h"
#include "core/kernels/winograd_forward.h"
#include "core/kernels/winograd_gradient_blocks.h"
#include "core/parallel.h"

namespace excite {

namespace {

constexpr long positions = Winograd::positions;

// If the weight's gradient outgrows a core's cache, all threads work on one block.
bool gradient_is_large(const Conv2dShape& q) { return q.c * q.k >= 64 * 64; }

// The sums over shards of du [36][C][K] that wait at the levels of a tree. Those below `lowest`
// wait within a block only, tile by tile of the microkernel.
class WaitingGradients {
 public:
  WaitingGradients(const Conv2dShape& q, long shards, long shards_per_block, Planes& result)
      : lowest_(std::min(tree_levels(shards), tree_levels(shards_per_block))),
        top_(tree_levels(shards)),
        result_(result) {
    for (int level = lowest_; level < top_; level++) waiting_.emplace_back(q.c, q.k);
  }
  int lowest() const { return lowest_; }
  int top() const { return top_; }
  Planes& at(int level) { return level == top_ ? result_ : waiting_[level - lowest_]; }

 private:
  int lowest_, top_;
  Planes& result_;
  std::vector<Planes> waiting_;
};

// The sums over a block of x^T dm at one position, (C, tiles) (tiles, K) -> (C, K), for the rows
// [begin, end) of C.
void add_block_at(const Conv2dShape& q, long position, long begin, long end,
                  const GradientBlock& block, Planes& x, Planes& dm, WaitingGradients& du) {
  alignas(vector_bytes) real low[max_tree_levels][max_tile_numbers];
  const long row_stride = du.at(du.top()).row_stride;
  real* of_position[max_tree_levels];
  for (int level = du.lowest(); level <= du.top(); level++)
    of_position[level] = du.at(level).at(position, 0);
  for (long k = 0; k < q.k; k += tile_vectors * lanes) {
    const long width = panel_width(k, q.k);
    TileLevels at;
    for (int level = 0; level < du.lowest(); level++) at[level] = {low[level], width};
    for_tile_rows(end - begin, tile_rows(width), [&](long first, long rows) {
      const long c = begin + first;
      for (int level = du.lowest(); level <= du.top(); level++)
        at[level] = {of_position[level] + c * row_stride + k, row_stride};
      microkernel_outer({x.at(position, 0) + c, x.row_stride, 0}, rows,
                        {dm.at(position, 0) + k, dm.row_stride, 0}, width, block.parts, at.data());
    });
  }
}

// Into how many pieces the products of a position are cut, so that there are enough for all
// threads.
long pieces_per_position(const Conv2dShape& q) {
  const long max_rows = tile_rows(panel_width(0, q.k));
  return std::clamp((8l * threads() + positions - 1) / positions, 1l,
                    (q.c + max_rows - 1) / max_rows);
}

// The sums of the blocks' shards. Each position's rows are multiplied in `pieces` pieces.
template <class PrologueT>
void add_blocks(const Bands& bands, const std::vector<GradientBlock>& blocks, long pieces,
                const real* x, const PrologueT& prologue, const real* dy, WaitingGradients& du) {
  const Conv2dShape& q = bands.q;
  const std::vector<real> zero = zero_row(std::max(q.w * q.c, q.ow * q.k));
  long max_bands = 0;
  for (const GradientBlock& block : blocks)
    max_bands = std::max(max_bands, block.last - block.first);
  Planes in(max_bands * bands.tiles, q.c), dm(max_bands * bands.tiles, q.k);
  for (std::size_t i = 0; i < blocks.size(); i++) {
    const GradientBlock &block = blocks[i], &next = blocks[std::min(i + 1, blocks.size() - 1)];
    parallel_for(block.last - block.first, [&](long b) {
      input_band(bands, x, zero.data(), prologue, block.first + b, in, b * bands.tiles);
      output_gradient_band(bands, dy, zero.data(), block.first + b, dm, b * bands.tiles);
    });
    const Range next_x = rows_of(bands, next.first, next.last, q.h, q.w * q.c),
                next_dy = rows_of(bands, next.first, next.last, q.oh, q.ow * q.k);
    parallel_for(positions * pieces, [&](long p) {
      const long position = p / pieces, piece = p % pieces;
      if (piece == 0 && &next != &block) {
        prefetch_at(x, next_x, position);
        prefetch_at(dy, next_dy, position);
      }
      add_block_at(q, position, q.c * piece / pieces, q.c * (piece + 1) / pieces, block, in, dm,
                   du);
    });
  }
}

// dw = G^T du G
void weight_gradient(const Conv2dShape& q, Planes& du, real* dw) {
  parallel_for(q.c, [&](long c) {
    for_vectors(q.k, [&](long k, long count) {
      real* to = dw + c * q.k + k;
      transform_2d<Winograd::weight_gradient, 6, 3>(
          [&](int i, int j) { return load(du.at(i * 6 + j, c) + k); },
          [&](int r, int s, const Vec& v) { store(to + (r * 3 + s) * q.c * q.k, v, count); });
    });
  });
}

// The kernel rotated by 180 degrees, C and K swapped: w[r, s, c, k] -> [2 - r, 2 - s, k, c].
Tensor rotated_weight(const Tensor& w) {
  const long c = w.dim(2), k = w.dim(3);
  Tensor rotated({3, 3, k, c});
  parallel_for(9, [&](long tap) {
    const real* from = w.data() + tap * c * k;
    real* to = rotated.data() + (8 - tap) * c * k;
    for (long i = 0; i < c; i++)
      for (long j = 0; j < k; j++) to[j * c + i] = from[i * k + j];
  });
  return rotated;
}

}  // namespace

bool winograd_supports(const Conv2dShape& q) {
  return q.r == 3 && q.s == 3 && q.stride == Size2(1) && q.dilation == Size2(1) && q.groups == 1 &&
         q.pad.h <= 2 && q.pad.w <= 2;
}

Buffer winograd_packed_weight(const Tensor& w, const Tensor& scale) {
  const long c = w.dim(2), k = w.dim(3);
  Buffer u(positions * packed_size(c, k));
  parallel_for(c, [&](long channel) {
    for_vectors(k, [&](long first, long count) {
      real* to = u.data() + packed_at(channel, first, c, k);
      const Vec factor = load(scale.data() + first, count);
      transform_2d<Winograd::weight, 3, 6>(
          [&](int r, int s) {
            return factor * load(w.data() + ((r * 3 + s) * c + channel) * k + first, count);
          },
          [&](int i, int j, const Vec& v) { store(to + (i * 6 + j) * packed_size(c, k), v); });
    });
  });
  return u;
}

namespace {
// dx is a convolution of dy.
Conv2dShape gradient_shape(const Conv2dShape& q) {
  return Conv2dShape(q.y(), {3, 3, q.k, q.c}, {.pad = {2 - q.pad.h, 2 - q.pad.w}});
}
Buffer gradient_weight(const Conv2dShape& q, const Tensor& w) {
  return winograd_packed_weight(rotated_weight(w), full({q.c}, 1));
}
}  // namespace

Tensor conv2d_winograd(const Conv2dShape& q, const Tensor& x, const Buffer& packed_weight,
                       const Prologue& prologue, const Epilogue& epilogue) {
  Tensor y(q.y());
  convolve(q, x, packed_weight.data(), prologue, epilogue, y);
  return y;
}

Tensor conv2d_winograd(const Conv2dShape& q, const Tensor& x, const Tensor& w) {
  return conv2d_winograd(q, x, winograd_packed_weight(w, full({q.k}, 1)), Identity(),
                         BiasClamp(q.k));
}

Tensor conv2d_winograd_dx(const Conv2dShape& q, const Tensor& dy, const Tensor& w,
                          const Epilogue& epilogue) {
  return conv2d_winograd(gradient_shape(q), dy, gradient_weight(q, w), Identity(), epilogue);
}
Tensor conv2d_winograd_dx(const Conv2dShape& q, const Tensor& dy, const Tensor& w) {
  return conv2d_winograd_dx(q, dy, w, BiasClamp(q.c));
}
void conv2d_winograd_add_dx(const Conv2dShape& q, const Tensor& dy, const Tensor& w, Tensor& dx) {
  convolve(gradient_shape(q), dy, gradient_weight(q, w).data(), Identity(), AddToOutput(), dx);
}

Tensor conv2d_winograd_dw(const Conv2dShape& q, const Tensor& x, const Tensor& dy,
                          const Prologue& prologue) {
  if (q.n == 0) return zeros(q.weight());
  const Bands bands(q);
  const Shards shards(q.n);
  const OwnLeaves own = shards.own();
  const bool shared = gradient_is_large(q);
  const long tiles = shared ? tiles_per_shared_block
                            : tiles_per_gradient_block(whole_vectors(q.c) + whole_vectors(q.k)),
             max_piece = bands_per_block(bands, tiles);
  const std::vector<Subtree> trees =
      shared ? subtrees(own) : subtrees(own, shards_per_subtree(own.last - own.first));
  const auto sums_of_trees = std::make_shared<std::vector<Planes>>();
  std::vector<Planes>& du = *sums_of_trees;
  for (std::size_t i = 0; i < trees.size(); i++) du.emplace_back(q.c, q.k);
  const auto add_tree = [&](long i) {
    const auto [first, last] = trees[i];
    WaitingGradients waiting(q, last - first, shards_per_block(bands, shards, tiles), du[i]);
    const std::vector<GradientBlock> blocks =
        gradient_blocks(bands, shards, first, last, tiles, max_piece);
    std::visit(
        [&](const auto& chosen_prologue) {
          add_blocks(bands, blocks, shared ? pieces_per_position(q) : 1, x.data(), chosen_prologue,
                     dy.data(), waiting);
        },
        prologue);
  };
  if (shared)  // all threads work on one subtree
    for (long i = 0; i < std::ssize(du); i++) add_tree(i);
  else
    parallel_for(std::ssize(du), add_tree);
  std::vector<real*> sums;
  for (Planes& sum : du) sums.push_back(sum.numbers.data());
  Tensor dw(q.weight());
  sum_of_subtrees(
      shards.count, trees, sums, positions * du[0].plane_stride, dw.data(),
      [q, sums_of_trees, to = dw.data()] { weight_gradient(q, sums_of_trees->front(), to); });
  return dw;
}
Tensor conv2d_winograd_dw(const Conv2dShape& q, const Tensor& x, const Tensor& dy) {
  return conv2d_winograd_dw(q, x, dy, Identity());
}

}  // namespace excite
