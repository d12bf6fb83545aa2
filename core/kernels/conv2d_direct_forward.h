// The loop over output pixels of the direct convolution. A Number of the input and of the packed
// weight is a real, or a pair of bfloat16 (bfloat16.h), which counts as one channel.
#pragma once
#include <algorithm>
#include <vector>

#include "core/kernels/conv2d_direct.h"
#include "core/kernels/conv2d_direct_parts.h"
#include "core/kernels/conv2d_fusion_vectors.h"
#include "core/kernels/microkernel.h"
#include "core/parallel.h"

namespace excite {

// Writes the addresses of the numbers that `count` pixels of a row of a grid read, from column
// `col` on: those of tap t to inputs[t * stride], inputs[t * stride + 1], ... `image` is the first
// number of the image; `zero` replaces an address outside it. Almost all taps are inside, and their
// addresses are equally spaced.
template <class Number>
void find_inputs(const Grid& grid, const ImageSize& in, const Number* image, const Number* zero,
                 long row, long col, long count, const Number** inputs, long stride) {
  const long step = grid.step_in.w * in.c;
  for (const Tap& tap : grid.taps) {
    const long in_row = row * grid.step_in.h + tap.row, first = col * grid.step_in.w + tap.col,
               last = first + (count - 1) * grid.step_in.w;
    const Number* at = image + (in_row * in.w + first) * in.c;
    if (in_row < 0 || in_row >= in.h) {
      for (long p = 0; p < count; p++) inputs[p] = zero;
    } else if (first >= 0 && last < in.w) {
      for (long p = 0; p < count; p++) inputs[p] = at + p * step;
    } else {
      for (long p = 0; p < count; p++) {
        const long in_col = first + p * grid.step_in.w;
        inputs[p] = in_col >= 0 && in_col < in.w ? at + p * step : zero;
      }
    }
    inputs += stride;
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

// The sums of a piece in the panel of column k, for each group of a wide group by itself. The
// channels of the other groups are set to 0, because their zero weights would turn a NaN or an
// infinity into a NaN.
template <class Number>
void sums_of_each_group(const Number* const* inputs, long count, long first_channel, long taps,
                        const Groups& groups, const Number* panel, long k, real* sums) {
  const long in = groups.in / groups.merged, out = groups.out / groups.merged,
             width = panel_width(k, groups.out), addresses = taps * count;
  std::vector<const Number*> address(addresses);
  alignas(vector_bytes) real of_group[max_tile_pixels * tile_vectors * lanes];
  for (long m = k / out; m < groups.merged && m * out < k + width; m++) {
    std::vector<Number> channels(addresses * groups.in);
    for (long i = 0; i < addresses; i++) {
      Number* to = channels.data() + i * groups.in;
      std::copy_n(inputs[i] + first_channel + m * in, in, to + m * in);
      address[i] = to;
    }
    microkernel(address.data(), count, 0, taps, groups.in, panel, width, of_group, width);
    const long begin = std::max(m * out - k, 0l), end = std::min((m + 1) * out - k, width);
    for (long p = 0; p < count; p++)
      std::copy(of_group + p * width + begin, of_group + p * width + end, sums + p * width + begin);
  }
}

// y of all pixels of a grid. The pixels are cut into runs, one per call of the parallel loop, and a
// run into pieces for the microkernel. If the grid covers all pixels of y, the runs are those of
// RunSums.
template <class Number, class EpilogueT>
void convolve(const Grid& grid, const ImageSize& in, const Number* x, const Groups& groups,
              const Number* packed, const EpilogueT& epilogue, const ImageSize& out,
              const Output& y) {
  const long taps = static_cast<long>(grid.taps.size()), rows = taps * groups.in,
             pixels = grid.rows * grid.cols;
  const std::vector<Number> zero(in.c);
  const long runs = (pixels + direct_pixels_per_run - 1) / direct_pixels_per_run;
  parallel_for(in.n * runs, [&](long run) {
    const long n = run / runs, begin = run % runs * direct_pixels_per_run;
    const Number* image = x + n * in.h * in.w * in.c;
    std::vector<const Number*> inputs(taps * max_tile_pixels);
    alignas(vector_bytes) real sums[max_tile_pixels * tile_vectors * lanes];
    const auto piece = [&](long first, long count) {
      long to[max_tile_pixels];
      for (long p = 0; p < count;) {  // the piece's part of each row
        const long row = (begin + first + p) / grid.cols, col = (begin + first + p) % grid.cols,
                   end = std::min(count, p + grid.cols - col);
        find_inputs(grid, in, image, zero.data(), row, col, end - p, inputs.data() + p, count);
        const long out_row = n * out.h + row * grid.step_out.h + grid.first_out.h;
        for (long out_col = col * grid.step_out.w + grid.first_out.w; p < end;
             p++, out_col += grid.step_out.w)
          to[p] = (out_row * out.w + out_col) * out.c;
      }
      for (long g = 0; g < groups.count; g++)
        for (long k = 0; k < groups.out; k += tile_vectors * lanes) {
          const long width = panel_width(k, groups.out), channel = g * groups.out + k;
          const Number* panel = packed + (g * whole_vectors(groups.out) + k) * rows;
          microkernel(inputs.data(), count, g * groups.in, taps, groups.in, panel, width, sums,
                      width);
          if (groups.merged > 1 && !all_finite(sums, count * width))
            sums_of_each_group(inputs.data(), count, g * groups.in, taps, groups, panel, k, sums);
          for_vectors(std::min(width, groups.out - k), [&](long v, auto lane_count) {
            auto store_y = make_store(epilogue, y, channel + v, lane_count, run);
            const auto sum_of = [&](long p) { return load(sums + p * width + v); };
            first == 0 ? store_y.begin(near_mean(count, sum_of)) : store_y.resume();
            for (long p = 0; p < count; p++) store_y(to[p] + channel + v, sum_of(p));
            store_y.end();
          });
        }
    };
    for_tile_rows(std::min(direct_pixels_per_run, pixels - begin),
                  tile_pixels(panel_width(0, groups.out)), piece);
    if (y.streamed) finish_streams();
  });
}

}  // namespace excite
