// The blocks of Winograd's convolution: which tiles are transformed and multiplied together, and by
// which threads. A Number of the transformed tiles and weights is a real, or a pair of bfloat16.
#pragma once
#include <algorithm>
#include <numeric>
#include <type_traits>
#include <variant>
#include <vector>

#include "core/kernels/microkernel.h"
#include "core/kernels/prefetch.h"
#include "core/kernels/winograd_bands.h"
#include "core/parallel.h"

namespace excite {

// m = x u at one position: (tiles, C) (C, K) -> (tiles, K). m may be x if replaces_tiles(q).
template <class Number>
void multiply_at(const Conv2dShape& q, long position, long tiles, PlanesOf<Number>& x,
                 const Number* packed_weight, Planes& m) {
  const long c = q.c / channels_of<Number>;
  const Number* u = packed_weight + position * packed_size(c, q.k);
  if (weight_is_small(q.c, q.k))
    return small_microkernel(x.at(position, 0), tiles, u, m.at(position, 0));
  for (long k = 0; k < q.k; k += tile_vectors * lanes) {
    const long width = panel_width(k, q.k);
    for_tile_rows(tiles, tile_rows(width), [&](long first, long rows) {
      microkernel(x.at(position, first), x.row_stride, rows, c, u + k * c, width,
                  m.at(position, first) + k, m.row_stride);
    });
  }
}

// A microkernel reads its tiles to the end before it writes its sums. If it computes all K channels
// at once, the product of a tile can therefore replace the tile, which halves the memory in use.
template <class Number>
bool replaces_tiles(const Conv2dShape& q) {
  return std::is_same_v<Number, real> && whole_vectors(q.k) <= tile_vectors * lanes;
}
template <class Number>
Planes& planes_of_products(PlanesOf<Number>& x, Planes& separate, bool in_place) {
  if constexpr (std::is_same_v<Number, real>)
    if (in_place) return x;
  return separate;
}

// A small weight stays in a core's cache, so each thread computes blocks of its own. A large one
// does not: then all threads work on one block, each on some of its positions.
inline bool weight_is_large(const Conv2dShape& q) { return q.c * q.k >= 128 * 128; }

// As many bands as fit into `tiles` tiles, but at least one. If possible, the tiles of a block are
// a multiple of the microkernel's rows.
inline long bands_per_block(const Bands& bands, long tiles) {
  const long max_bands = std::max(1l, tiles / bands.tiles),
             multiple = max_tile_rows / std::gcd(max_tile_rows, bands.tiles);
  return max_bands < multiple ? max_bands : max_bands / multiple * multiple;
}
inline constexpr long tiles_per_shared_block = 192;
inline long tiles_per_private_block(long numbers_per_tile) {
  const long bytes = Winograd::positions * numbers_per_tile * static_cast<long>(sizeof(real));
  return std::clamp((144l << 10) / bytes, 16l, 32l);
}
template <class Number>
long bands_per_private_block(const Bands& bands) {
  const long c = whole_vectors(bands.q.c) / channels_of<Number>, k = whole_vectors(bands.q.k);
  return bands_per_block(
      bands, tiles_per_private_block(replaces_tiles<Number>(bands.q) ? std::max(c, k) : c + k));
}
// The same, but so few that each thread has a block, as long as it has 8 tiles.
template <class Number>
long bands_per_thread_block(const Bands& bands) {
  const long bands_per_thread = (bands.count + threads() - 1) / threads(),
             min_bands = (8 + bands.tiles - 1) / bands.tiles;
  return std::min(bands_per_private_block<Number>(bands), std::max(min_bands, bands_per_thread));
}
inline long bands_per_shared_block(const Bands& bands) {
  return bands_per_block(bands, tiles_per_shared_block);
}

// The numbers [begin, end) of a batch that the bands [first, last) cover, where an image has h rows
// of `row_size` numbers.
inline Range rows_of(const Bands& bands, long first, long last, long h, long row_size) {
  const auto row = [&](long band, long offset) {
    return bands.image(band) * h + std::min(h, bands.first_row(band) + offset);
  };
  return first < last ? Range{row(first, 0) * row_size, row(last - 1, 4) * row_size} : Range{0, 0};
}

// The product of each position fetches a 36th of the range that is used next.
inline void prefetch_at(const real* numbers, const Range& range, long position) {
  prefetch_part(numbers, range, position, position + 1, Winograd::positions);
}

// Stands for a row outside the image.
inline std::vector<real> zero_row(long numbers) {
  return std::vector<real>(numbers + lanes, real(0));
}

// The output of bands [begin, end), `block` bands at a time. All blocks use the same buffers.
template <class Number, class PrologueT, class EpilogueT>
void forward_blocks(const Bands& bands, long begin, long end, long block, const real* x,
                    const Number* u, const PrologueT& prologue, const EpilogueT& epilogue,
                    const Output& y) {
  const Conv2dShape& q = bands.q;
  const std::vector<real> zero = zero_row(q.w * q.c);
  const bool in_place = replaces_tiles<Number>(q);
  PlanesOf<Number> in(block * bands.tiles, in_place ? std::max(q.c, q.k) : q.c);
  Planes separate(in_place ? 0 : block * bands.tiles, q.k);
  Planes& m = planes_of_products(in, separate, in_place);
  for (long first = begin; first < end; first += block) {
    const long count = std::min(block, end - first);
    parallel_for(count, [&](long b) {
      input_band(bands, x, zero.data(), prologue, first + b, in, b * bands.tiles);
    });
    const Range next =
        rows_of(bands, first + count, std::min(first + count + block, end), q.h, q.w * q.c);
    const Range written = rows_of(bands, first, first + count, q.oh, q.ow * q.k);
    parallel_for(Winograd::positions, [&](long position) {
      prefetch_at(x, next, position);
      if (read_by(epilogue, y)) prefetch_at(read_by(epilogue, y), written, position);
      multiply_at(q, position, count * bands.tiles, in, u, m);
    });
    parallel_for(count, [&](long b) {
      output_band(bands, m, b * bands.tiles, epilogue, y, first + b);
      if (y.streamed) finish_streams();
    });
  }
}

// The whole convolution.
template <class Number>
void convolve(const Conv2dShape& q, const Tensor& x, const Number* packed_weight,
              const Prologue& prologue, const Epilogue& epilogue, Tensor& y) {
  const Bands bands(q);
  constexpr long min_private_blocks = 16;
  const bool too_few_for_private_blocks =
      bands.count < min_private_blocks * bands_per_private_block<Number>(bands);
  const bool shared = weight_is_large(q) || too_few_for_private_blocks;
  const long block = shared ? bands_per_shared_block(bands) : bands_per_thread_block<Number>(bands);
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

}  // namespace excite
