// The loop over output pixels of the direct convolution. A Number of the input and of the packed
// weight is a real, or a pair of bfloat16 (bfloat16.h), which counts as one channel.
#pragma once
#include <algorithm>
#include <vector>

#include "core/kernels/conv2d_direct.h"
#include "core/kernels/conv2d_direct_parts.h"
#include "core/kernels/conv2d_fusion_vectors.h"
#include "core/kernels/microkernel.h"
#include "core/kernels/prefetch.h"
#include "core/parallel.h"

namespace excite {

// Writes the addresses of the numbers that `count` pixels of a row of a grid read, from column
// `col` on: those of tap t to inputs[t * tap_stride], inputs[t * tap_stride + 1], ... `image` is
// the first number of the image; `zero` replaces an address outside it.
template <class Number>
void find_inputs(const Grid& grid, const ImageSize& in, const Number* image, const Number* zero,
                 long row, long col, long count, const Number** inputs, long tap_stride) {
  const long step = grid.step_in.w;
  for (const Tap& tap : grid.taps) {
    const long in_row = row * grid.step_in.h + tap.row, first = col * step + tap.col;
    if (in_row < 0 || in_row >= in.h) {
      std::fill_n(inputs, count, zero);
    } else {
      const Number* at = image + (in_row * in.w + first) * in.c;
      for (long p = 0; p < count; p++) inputs[p] = at + p * step * in.c;
      for (long p = 0; p < count && first + p * step < 0; p++) inputs[p] = zero;
      for (long p = count - 1; p >= 0 && first + p * step >= in.w; p--) inputs[p] = zero;
    }
    inputs += tap_stride;
  }
}

// A NaN or an infinity makes the sum NaN.
inline bool all_finite(const real* vectors, long count) {
  Vec sum{};
  for (long i = 0; i < count; i += lanes) sum += load(vectors + i) * 0;
  for (long i = 0; i < lanes; i++)
    if (sum[i] != 0) return false;
  return true;
}

// The sums of a tile in the panel of column k, for each group of a wide group by itself. The
// channels of the other groups are set to 0, because their zero weights would turn a NaN or an
// infinity into a NaN.
template <class Number>
void sums_of_each_group(const Number* const* inputs, long tap_stride, long count,
                        long first_channel, long taps, const Groups& groups, const Number* panel,
                        long k, real* sums) {
  const long in = groups.in / groups.merged, out = groups.out / groups.merged,
             width = panel_width(k, groups.out), addresses = taps * count;
  std::vector<const Number*> address(addresses);
  alignas(vector_bytes) real of_group[max_tile_pixels * tile_vectors * lanes];
  for (long m = k / out; m < groups.merged && m * out < k + width; m++) {
    std::vector<Number> channels(addresses * groups.in);
    for (long i = 0; i < addresses; i++) {
      Number* to = channels.data() + i * groups.in;
      const Number* from = inputs[i / count * tap_stride + i % count];
      std::copy_n(from + first_channel + m * in, in, to + m * in);
      address[i] = to;
    }
    microkernel(address.data(), count, count, 0, taps, groups.in, panel, width, of_group, width);
    const long begin = std::max(m * out - k, 0l), end = std::min((m + 1) * out - k, width);
    for (long p = 0; p < count; p++)
      std::copy(of_group + p * width + begin, of_group + p * width + end, sums + p * width + begin);
  }
}

// A grid, and its packed weights.
template <class Number>
struct PackedGrid {
  Grid grid;
  const Number* weights;
};

// Some pixels are computed together: their inputs are found at once for a whole row, and the
// epilogue passes over all of them, channel by channel. They are so few that the sums of a panel
// stay in a core's first cache.
inline constexpr long max_pixels_together = direct_pixels_per_run / 2;
inline long pixels_together(const Groups& groups) {
  return max_pixels_together * lanes / panel_width(0, groups.out);
}

// A direct convolution with the arguments that all its grids share.
template <class Number, class EpilogueT>
struct DirectConvolution {
  const ImageSize& in;
  const Number* x;
  const Groups& groups;
  const EpilogueT& epilogue;
  const ImageSize& out;
  const Output y;
  const std::vector<Number> zero = std::vector<Number>(in.c);

  // The numbers of x from the first row that run r of image n reads to that of the next run.
  Range input_of_run(const Grid& grid, long n, long r, long runs) const {
    const auto begin = [&](long run) {
      return run * direct_pixels_per_run / grid.cols * grid.step_in.h * in.w * in.c;
    };
    const long size = in.h * in.w * in.c;
    if (n == in.n) return {0, 0};
    return {n * size + begin(r), n * size + (r + 1 < runs ? begin(r + 1) : size)};
  }

  // Finds the inputs of `count` pixels from pixel `begin` of the grid on, and the indices in y that
  // they are written to.
  void find(const Grid& grid, long n, long begin, long count, const Number** inputs,
            long* to) const {
    for (long p = 0; p < count;) {  // the part of each row
      const long row = (begin + p) / grid.cols, col = (begin + p) % grid.cols,
                 end = std::min(count, p + grid.cols - col);
      find_inputs(grid, in, x + n * in.h * in.w * in.c, zero.data(), row, col, end - p, inputs + p,
                  count);
      const long out_row = n * out.h + row * grid.step_out.h + grid.first_out.h;
      for (long out_col = col * grid.step_out.w + grid.first_out.w; p < end;
           p++, out_col += grid.step_out.w)
        to[p] = (out_row * out.w + out_col) * out.c;
    }
  }

  // y of run r of image n, the pixels [first, last) of a grid. Of epilogues that sum, the run has
  // index `run`. `next` is what the next run reads.
  void compute(const PackedGrid<Number>& packed, long n, long first, long last, long run,
               const Range& next) const {
    const Grid& grid = packed.grid;
    const long taps = static_cast<long>(grid.taps.size()), rows = taps * groups.in;
    std::vector<const Number*> inputs(taps * max_pixels_together);
    alignas(vector_bytes) real sums[max_pixels_together * lanes];
    long to[max_pixels_together];
    for (long begin = first; begin < last; begin += pixels_together(groups)) {
      const long count = std::min(pixels_together(groups), last - begin);
      find(grid, n, begin, count, inputs.data(), to);
      for (long g = 0; g < groups.count; g++)
        for (long k = 0; k < groups.out; k += tile_vectors * lanes) {
          const long width = panel_width(k, groups.out), channel = g * groups.out + k;
          const Number* panel = packed.weights + (g * whole_vectors(groups.out) + k) * rows;
          for_tile_rows(count, tile_pixels(width), [&](long p, long tile) {
            const long done = begin - first + p;
            if (channel == 0) prefetch_part(x, next, done, done + tile, last - first);
            real* of_tile = sums + p * width;
            microkernel(inputs.data() + p, count, tile, g * groups.in, taps, groups.in, panel,
                        width, of_tile, width);
            if (groups.merged > 1 && !all_finite(of_tile, tile * width))
              sums_of_each_group(inputs.data() + p, count, tile, g * groups.in, taps, groups, panel,
                                 k, of_tile);
          });
          for_vectors(std::min(width, groups.out - k), [&](long v, auto lane_count) {
            auto store_y = make_store(epilogue, y, channel + v, lane_count, run);
            const auto sum_of = [&](long p) { return load(sums + p * width + v); };
            begin == first ? store_y.begin(near_mean(count, sum_of)) : store_y.resume();
            for (long p = 0; p < count; p++) store_y(to[p] + channel + v, sum_of(p));
            store_y.end();
          });
        }
    }
  }
};

// y of all pixels of some grids. The pixels of an image are cut into runs; a call of the parallel
// loop computes a run of each grid. If there is one grid, which covers all pixels of y, the runs
// are those of RunSums.
template <class Number, class EpilogueT>
void convolve(const std::vector<PackedGrid<Number>>& grids, const ImageSize& in, const Number* x,
              const Groups& groups, const EpilogueT& epilogue, const ImageSize& out,
              const Output& y) {
  const DirectConvolution<Number, EpilogueT> convolution{in, x, groups, epilogue, out, y};
  long most = 0;  // pixels of a grid
  for (const auto& [grid, weights] : grids) most = std::max(most, grid.rows * grid.cols);
  const long runs = (most + direct_pixels_per_run - 1) / direct_pixels_per_run;
  parallel_for(in.n * runs, [&](long run) {
    const long n = run / runs, first = run % runs * direct_pixels_per_run;
    for (const PackedGrid<Number>& packed : grids) {
      const Grid& grid = packed.grid;
      const long last = std::min(first + direct_pixels_per_run, grid.rows * grid.cols);
      const bool is_last_grid = &packed == &grids.back();
      const Range next =
          is_last_grid ? convolution.input_of_run(grid, (run + 1) / runs, (run + 1) % runs, runs)
                       : Range{0, 0};
      convolution.compute(packed, n, first, last, run, next);
    }
    if (y.streamed) finish_streams();
  });
}

}  // namespace excite
