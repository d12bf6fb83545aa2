#include "core/kernels/conv2d_winograd.h"

#include <numeric>
#include <vector>

#include "core/kernels/elementwise.h"
#include "core/kernels/gradient_tree.h"
#include "core/kernels/microkernel.h"
#include "core/kernels/winograd_bands.h"
#include "core/kernels/winograd_gradient_blocks.h"
#include "core/parallel.h"

namespace excite {

namespace {

constexpr long positions = Winograd::positions;

// m = x u at one position: (tiles, C) (C, K) -> (tiles, K). m may be x if replaces_tiles(q).
void multiply_at(const Conv2dShape& q, long position, long tiles, Planes& x,
                 const Buffer& packed_weight, Planes& m) {
  const real* u = packed_weight.data() + position * packed_size(q.c, q.k);
  for (long k = 0; k < q.k; k += tile_vectors * lanes) {
    const long width = panel_width(k, q.k);
    for_tile_rows(tiles, tile_rows(width), [&](long first, long rows) {
      microkernel(x.at(position, first), x.row_stride, rows, q.c, u + k * q.c, width,
                  m.at(position, first) + k, m.row_stride);
    });
  }
}

// A microkernel reads its tiles to the end before it writes its sums. If it computes all K channels
// at once, the product of a tile can therefore replace the tile, which halves the memory in use.
bool replaces_tiles(const Conv2dShape& q) { return whole_vectors(q.k) <= tile_vectors * lanes; }

// A small weight stays in a core's cache, so each thread computes blocks of its own. A large one
// does not: then all threads work on one block, each on some of its positions. The weight gradient
// is read and written, so it outgrows the cache at a smaller size.
bool weight_is_large(const Conv2dShape& q) { return q.c * q.k >= 128 * 128; }
bool gradient_is_large(const Conv2dShape& q) { return q.c * q.k >= 64 * 64; }

// As many bands as fit into `tiles` tiles, but at least one. If possible, the tiles of a block are
// a multiple of the microkernel's rows.
long bands_per_block(const Bands& bands, long tiles) {
  const long max_bands = std::max(1l, tiles / bands.tiles),
             multiple = max_tile_rows / std::gcd(max_tile_rows, bands.tiles);
  return max_bands < multiple ? max_bands : max_bands / multiple * multiple;
}
constexpr long tiles_per_shared_block = 192;
long tiles_per_private_block(long numbers_per_tile) {
  const long bytes = positions * numbers_per_tile * static_cast<long>(sizeof(real));
  return std::clamp((144l << 10) / bytes, 16l, 32l);
}
long bands_per_private_block(const Bands& bands) {
  const long c = whole_vectors(bands.q.c), k = whole_vectors(bands.q.k);
  return bands_per_block(bands,
                         tiles_per_private_block(replaces_tiles(bands.q) ? std::max(c, k) : c + k));
}
// The same, but so few that each thread has a block, as long as it has 8 tiles.
long bands_per_thread_block(const Bands& bands) {
  const long bands_per_thread = (bands.count + threads() - 1) / threads(),
             min_bands = (8 + bands.tiles - 1) / bands.tiles;
  return std::min(bands_per_private_block(bands), std::max(min_bands, bands_per_thread));
}
long bands_per_shared_block(const Bands& bands) {
  return bands_per_block(bands, tiles_per_shared_block);
}

// The numbers [begin, end) of a batch that the bands [first, last) cover, where an image has h rows
// of `row_size` numbers.
struct Range {
  long begin, end;
};
Range rows_of(const Bands& bands, long first, long last, long h, long row_size) {
  const auto row = [&](long band, long offset) {
    return bands.image(band) * h + std::min(h, bands.first_row(band) + offset);
  };
  return first < last ? Range{row(first, 0) * row_size, row(last - 1, 4) * row_size} : Range{0, 0};
}

// Memory is idle during the products. So the product of each position prefetches a 36th of the
// range that is used next.
void prefetch_part(const real* numbers, const Range& range, long position) {
  constexpr long numbers_per_cache_line = 64 / static_cast<long>(sizeof(real));
  const long size = range.end - range.begin;
  for (long i = range.begin + size * position / positions;
       i < range.begin + size * (position + 1) / positions; i += numbers_per_cache_line)
    __builtin_prefetch(numbers + i);
}

// Stands for a row outside the image.
std::vector<real> zero_row(long numbers) { return std::vector<real>(numbers + lanes, real(0)); }

// The output of bands [begin, end), `block` bands at a time. All blocks use the same buffers.
template <class PrologueT, class EpilogueT>
void forward_blocks(const Bands& bands, long begin, long end, long block, const real* x,
                    const Buffer& u, const PrologueT& prologue, const EpilogueT& epilogue,
                    const Output& y) {
  const Conv2dShape& q = bands.q;
  const std::vector<real> zero = zero_row(q.w * q.c);
  const bool in_place = replaces_tiles(q);
  Planes in(block * bands.tiles, in_place ? std::max(q.c, q.k) : q.c),
      separate(in_place ? 0 : block * bands.tiles, q.k);
  Planes& m = in_place ? in : separate;
  for (long first = begin; first < end; first += block) {
    const long count = std::min(block, end - first);
    parallel_for(count, [&](long b) {
      input_band(bands, x, zero.data(), prologue, first + b, in, b * bands.tiles);
    });
    const Range next =
        rows_of(bands, first + count, std::min(first + count + block, end), q.h, q.w * q.c);
    const Range written = rows_of(bands, first, first + count, q.oh, q.ow * q.k);
    parallel_for(positions, [&](long position) {
      prefetch_part(x, next, position);
      if (read_by(epilogue, y)) prefetch_part(read_by(epilogue, y), written, position);
      multiply_at(q, position, count * bands.tiles, in, u, m);
    });
    parallel_for(count, [&](long b) {
      output_band(bands, m, b * bands.tiles, epilogue, y, first + b);
      if (y.streamed) finish_streams();
    });
  }
}

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
  for (long k = 0; k < q.k; k += tile_vectors * lanes) {
    const long width = panel_width(k, q.k);
    for_tile_rows(end - begin, tile_rows(width), [&](long first, long rows) {
      const long c = begin + first;
      TileLevels at;
      for (int level = 0; level < du.lowest(); level++) at[level] = {low[level], width};
      for (int level = du.lowest(); level <= du.top(); level++)
        at[level] = {du.at(level).at(position, c) + k, du.at(level).row_stride};
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
        prefetch_part(x, next_x, position);
        prefetch_part(dy, next_dy, position);
      }
      add_block_at(q, position, q.c * piece / pieces, q.c * (piece + 1) / pieces, block, in, dm,
                   du);
    });
  }
}

// dw = G^T du G
Tensor weight_gradient(const Conv2dShape& q, Planes& du) {
  Tensor dw(q.weight());
  parallel_for(q.c, [&](long c) {
    for_vectors(q.k, [&](long k, long count) {
      real* to = dw.data() + c * q.k + k;
      transform_2d<Winograd::weight_gradient, 6, 3>(
          [&](int i, int j) { return load(du.at(i * 6 + j, c) + k); },
          [&](int r, int s, const Vec& v) { store(to + (r * 3 + s) * q.c * q.k, v, count); });
    });
  });
  return dw;
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
void convolve(const Conv2dShape& q, const Tensor& x, const Buffer& packed_weight,
              const Prologue& prologue, const Epilogue& epilogue, Tensor& y) {
  const Bands bands(q);
  constexpr long min_private_blocks = 16;
  const bool too_few_for_private_blocks =
      bands.count < min_private_blocks * bands_per_private_block(bands);
  const bool shared = weight_is_large(q) || too_few_for_private_blocks;
  const long block = shared ? bands_per_shared_block(bands) : bands_per_thread_block(bands);
  const auto blocks = [&](long begin, long end) {
    std::visit(
        [&](const auto& chosen_prologue, const auto& chosen_epilogue) {
          forward_blocks(bands, begin, end, block, x.data(), packed_weight, chosen_prologue,
                         chosen_epilogue, Output(y));
        },
        prologue, epilogue);
  };
  if (shared)
    blocks(0, bands.count);
  else
    parallel_ranges(bands.count, block, blocks);
}

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
  convolve(q, x, packed_weight, prologue, epilogue, y);
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
  convolve(gradient_shape(q), dy, gradient_weight(q, w), Identity(), AddToOutput(), dx);
}

Tensor conv2d_winograd_dw(const Conv2dShape& q, const Tensor& x, const Tensor& dy,
                          const Prologue& prologue) {
  if (q.n == 0) return zeros(q.weight());
  const Bands bands(q);
  const Shards shards(q.n);
  const bool shared = gradient_is_large(q);
  const long tiles = shared ? tiles_per_shared_block
                            : tiles_per_private_block(whole_vectors(q.c) + whole_vectors(q.k)),
             max_piece = bands_per_block(bands, tiles),
             per_subtree = shared ? shards.count : shards_per_subtree(shards.count);
  std::vector<Planes> du;
  for (long first = 0; first < shards.count; first += per_subtree) du.emplace_back(q.c, q.k);
  parallel_for(std::ssize(du), [&](long i) {
    const long first = i * per_subtree, last = std::min(shards.count, first + per_subtree);
    WaitingGradients waiting(q, last - first, shards_per_block(bands, shards, tiles), du[i]);
    const std::vector<GradientBlock> blocks =
        gradient_blocks(bands, shards, first, last, tiles, max_piece);
    std::visit(
        [&](const auto& chosen_prologue) {
          add_blocks(bands, blocks, shared ? pieces_per_position(q) : 1, x.data(), chosen_prologue,
                     dy.data(), waiting);
        },
        prologue);
  });
  std::vector<real*> sums;
  for (Planes& sum : du) sums.push_back(sum.numbers.data());
  sum_in_pairs(sums, positions * du[0].plane_stride);
  return weight_gradient(q, du[0]);
}
Tensor conv2d_winograd_dw(const Conv2dShape& q, const Tensor& x, const Tensor& dy) {
  return conv2d_winograd_dw(q, x, dy, Identity());
}

}  // namespace excite
