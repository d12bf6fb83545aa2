#include "core/kernels/conv2d_direct.h"

#include <vector>

#include "core/kernels/conv2d_direct_forward.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/microkernel.h"
#include "core/parallel.h"

namespace excite {

namespace {

// dx at rows a, a + stride, ... and columns b, b + stride, ...: row a of x was read by row
// (a + pad - r dilation) / stride of y, if that is a whole number.
Grid gradient_grid(const Conv2dShape& q, long a, long b) {
  Grid g{(q.h - a + q.stride.h - 1) / q.stride.h,
         (q.w - b + q.stride.w - 1) / q.stride.w,
         q.stride,
         {a, b},
         1,
         {}};
  for (long r = 0; r < q.r; r++)
    for (long s = 0; s < q.s; s++) {
      const long row = a + q.pad.h - r * q.dilation.h, col = b + q.pad.w - s * q.dilation.w;
      if (row % q.stride.h == 0 && col % q.stride.w == 0)
        g.taps.push_back({row / q.stride.h, col / q.stride.w, r * q.s + s});
    }
  return g;
}

// The weights of a grid's taps, packed for each wide group: (taps * in, out). weight(tap, g, c, k)
// gives the weight of group g. A few rows are packed at a time, so it matters little whether the
// source is contiguous in c or in k.
template <class Weight>
Buffer packed_weights(const Grid& grid, const Groups& groups, const Weight& weight) {
  constexpr long rows_per_piece = 16;
  const long taps = static_cast<long>(grid.taps.size()), rows = taps * groups.in,
             size = packed_size(rows, groups.out);
  const long in_per_group = groups.in / groups.merged, out_per_group = groups.out / groups.merged,
             pieces = (in_per_group + rows_per_piece - 1) / rows_per_piece;
  Buffer packed(std::max(1l, groups.count * size));
  parallel_for(groups.count * taps * groups.merged * pieces, [&](long i) {
    const long begin = i % pieces * rows_per_piece, m = i / pieces % groups.merged,
               t = i / pieces / groups.merged % taps;
    const long wide = i / pieces / groups.merged / taps, first = t * groups.in + m * in_per_group,
               end = std::min(in_per_group, begin + rows_per_piece);
    real* to = packed.data() + wide * size;
    for (long c = begin; c < end; c++)
      for (long k = 0; k < groups.out; k += tile_vectors * lanes)
        std::fill_n(to + packed_at(first + c, k, rows, groups.out), panel_width(k, groups.out),
                    real(0));
    for_packed_runs(m * out_per_group, out_per_group, [&](long at, long k, long count) {
      real* run = to + packed_at(first, at, rows, groups.out);
      const long width =
          panel_width(at / (tile_vectors * lanes) * (tile_vectors * lanes), groups.out);
      for (long j = 0; j < count; j++)
        for (long c = begin; c < end; c++)
          run[c * width + j] = weight(grid.taps[t].weight, wide * groups.merged + m, c, k + j);
    });
  });
  return packed;
}

// ---- few channels ----

// With few channels, as in a network's first layer, the loop over the channels of a tap is too
// short to be fast. But the pixels under one row of the kernel are contiguous once the padding has
// been copied into the image. So a row of the kernel is treated as one tap of S*C channels. The
// packed weight is the same.
bool taps_are_short(const Conv2dShape& q) {
  return q.groups == 1 && q.dilation.w == 1 && q.s > 1 && q.c < lanes;
}

Grid row_grid(const Conv2dShape& q) {
  Grid g{q.oh, q.ow, 1, 0, q.stride, {}};
  for (long r = 0; r < q.r; r++) g.taps.push_back({r * q.dilation.h, 0, r * q.s});
  return g;
}

Tensor padded_images(const Conv2dShape& q, const Tensor& x) {
  const long h = q.h + 2 * q.pad.h, w = q.w + 2 * q.pad.w;
  Tensor padded = zeros({q.n, h, w, q.c});
  parallel_for(q.n, [&](long n) {
    for (long i = 0; i < q.h; i++)
      std::copy_n(x.data() + (n * q.h + i) * q.w * q.c, q.w * q.c,
                  padded.data() + ((n * h + i + q.pad.h) * w + q.pad.w) * q.c);
  });
  return padded;
}

}  // namespace

Buffer direct_packed_weight(const Conv2dShape& q, const Tensor& w, const Tensor& scale) {
  return packed_weights(forward_grid(q), Groups(q.groups, q.cg, q.kg),
                        [&](long tap, long g, long c, long k) {
                          const long channel = g * q.kg + k;
                          return scale[channel] * w[(tap * q.cg + c) * q.k + channel];
                        });
}

Tensor conv2d_direct(const Conv2dShape& q, const Tensor& x, const Buffer& packed_weight,
                     const Epilogue& epilogue) {
  Tensor y(q.y());
  Groups groups(q.groups, q.cg, q.kg);
  const auto run = [&](const Grid& grid, const Tensor& images) {
    const ImageSize in{q.n, images.dim(1), images.dim(2), q.c}, out{q.n, q.oh, q.ow, q.k};
    std::visit(
        [&](const auto& chosen_epilogue) {
          convolve<real>({{grid, packed_weight.data()}}, in, images.data(), groups, chosen_epilogue,
                         out, Output(y));
        },
        epilogue);
  };
  if (taps_are_short(q)) {
    groups.in *= q.s;
    run(row_grid(q), padded_images(q, x));
  } else {
    run(forward_grid(q), x);
  }
  return y;
}

Tensor conv2d_direct(const Conv2dShape& q, const Tensor& x, const Tensor& w) {
  return conv2d_direct(q, x, direct_packed_weight(q, w, full({q.k}, 1)), BiasClamp(q.k));
}

namespace {
template <class EpilogueT>
void gradient_of_x(const Conv2dShape& q, const Tensor& dy, const Tensor& w,
                   const EpilogueT& epilogue, Tensor& dx) {
  const Groups groups(q.groups, q.kg, q.cg);
  const auto transposed_weight = [&](long tap, long g, long k, long c) {
    return w[(tap * q.cg + c) * q.k + g * q.kg + k];
  };
  std::vector<Buffer> weights;
  std::vector<PackedGrid<real>> grids;
  for (long a = 0; a < std::min(q.stride.h, q.h); a++)
    for (long b = 0; b < std::min(q.stride.w, q.w); b++) {
      Grid grid = gradient_grid(q, a, b);
      if (std::is_same_v<EpilogueT, AddToOutput> && grid.taps.empty()) continue;  // adds 0
      weights.push_back(packed_weights(grid, groups, transposed_weight));
      grids.push_back({std::move(grid), weights.back().data()});
    }
  convolve(grids, {q.n, q.oh, q.ow, q.k}, dy.data(), groups, epilogue, {q.n, q.h, q.w, q.c},
           Output(dx));
}
}  // namespace

Tensor conv2d_direct_dx(const Conv2dShape& q, const Tensor& dy, const Tensor& w) {
  Tensor dx(q.x());
  gradient_of_x(q, dy, w, BiasClamp(q.c), dx);
  return dx;
}
void conv2d_direct_add_dx(const Conv2dShape& q, const Tensor& dy, const Tensor& w, Tensor& dx) {
  gradient_of_x(q, dy, w, AddToOutput(), dx);
}

}  // namespace excite
