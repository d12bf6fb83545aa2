#include "core/kernels/conv2d_direct.h"

#include <vector>

#include "core/kernels/conv2d_fusion_vectors.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/microkernel.h"
#include "core/parallel.h"

namespace excite {

namespace {

// Groups narrower than a vector are taken several at a time, as one wider group whose weights from
// one to the other are zero.
struct Groups {
  long count, merged, in,
      out;  // wide groups, groups in each, input and output channels of a wide group
  Groups(long groups, long in_each, long out_each) : merged(1) {
    while (merged < groups && (merged * out_each < lanes || groups % merged)) merged++;
    count = groups / merged, in = merged * in_each, out = merged * out_each;
  }
};

// Output pixels on a grid, and where each finds its inputs: at grid * step_in + (row, col) of every
// tap, if that is in the image.
struct Tap {
  long row, col, weight;  // `weight` counts the R*S places of the kernel
};
struct Grid {
  long rows, cols;
  Size2 step_out, first_out, step_in;
  std::vector<Tap> taps;
};

struct Samples {
  long n, h, w, c;
};

Grid forward_grid(const Conv2dShape& q) {
  Grid g{q.oh, q.ow, 1, 0, q.stride, {}};
  for (long r = 0; r < q.r; r++)
    for (long s = 0; s < q.s; s++)
      g.taps.push_back({r * q.dilation.h - q.pad.h, s * q.dilation.w - q.pad.w, r * q.s + s});
  return g;
}

// The pixels of x at rows a, a + stride, ... and columns b, b + stride, ...: x[a] was read by
// output (a + pad - r dilation) / stride.
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

// Calls body(at, first, count) for the runs of a group's columns that stand side by side in packed
// weights: `count` columns from the group's own number `first` on, packed from column `at` on. The
// group begins at column `begin` of a wide one.
template <class Body>
void for_packed_runs(long begin, long columns, const Body& body) {
  constexpr long panel = tile_vectors * lanes;
  for (long k = 0; k < columns;) {
    const long count = std::min(columns - k, panel - (begin + k) % panel);
    body(begin + k, k, count);
    k += count;
  }
}

// The weights of a grid's taps, packed for each wide group: (taps * in, out). `weight(place, g, c,
// k)` is the weight of group g. A few rows at a time, so that it matters little whether weights
// stand side by side in c or in k.
template <class Weight>
Buffer packed_weights(const Grid& grid, const Groups& groups, const Weight& weight) {
  constexpr long rows_at_once = 16;
  const long taps = static_cast<long>(grid.taps.size()), rows = taps * groups.in,
             size = packed_size(rows, groups.out);
  const long in_each = groups.in / groups.merged, out_each = groups.out / groups.merged,
             pieces = (in_each + rows_at_once - 1) / rows_at_once;
  Buffer packed(std::max(1l, groups.count * size));
  parallel_for(groups.count * taps * groups.merged * pieces, [&](long i) {
    const long begin = i % pieces * rows_at_once, m = i / pieces % groups.merged,
               t = i / pieces / groups.merged % taps;
    const long wide = i / pieces / groups.merged / taps, first = t * groups.in + m * in_each,
               end = std::min(in_each, begin + rows_at_once);
    real* to = packed.data() + wide * size;
    for (long c = begin; c < end; c++)
      for (long k = 0; k < groups.out; k += tile_vectors * lanes)
        std::fill_n(to + packed_at(first + c, k, rows, groups.out), panel_width(k, groups.out),
                    real(0));
    for_packed_runs(m * out_each, out_each, [&](long at, long k, long count) {
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

// A pixel of a grid; walking from one to the next spares the divisions that finding it by its
// number takes.
struct Pixel {
  long row, col;
};

// Where the taps of some consecutive pixels of a grid stand in image n; `zero` stands for all that
// is outside. Most pixels are in a row with all that a tap finds inside the image, one a step after
// the other.
void find_inputs(const Grid& grid, const Samples& in, const real* x, const real* zero, long n,
                 const Pixel* pixels, long count, const real** inputs) {
  const bool one_row = pixels[0].row == pixels[count - 1].row;
  const long step = grid.step_in.w * in.c;
  for (const Tap& tap : grid.taps) {
    const auto inside = [&](const Pixel& p) {
      const long row = p.row * grid.step_in.h + tap.row, col = p.col * grid.step_in.w + tap.col;
      return row >= 0 && row < in.h && col >= 0 && col < in.w;
    };
    const auto at = [&](const Pixel& p) {
      return x + ((n * in.h + p.row * grid.step_in.h + tap.row) * in.w + p.col * grid.step_in.w +
                  tap.col) *
                     in.c;
    };
    if (one_row && inside(pixels[0]) && inside(pixels[count - 1])) {
      const real* first = at(pixels[0]);
      for (long p = 0; p < count; p++) *inputs++ = first + p * step;
    } else {
      for (long p = 0; p < count; p++) *inputs++ = inside(pixels[p]) ? at(pixels[p]) : zero;
    }
  }
}

// The pixels of a grid are cut into runs; where they are all pixels of y, a run is one of RunSums
// too.
template <class Write>
void convolve(const Grid& grid, const Samples& in, const real* x, const Groups& groups,
              const Buffer& weights, const Write& write, const Samples& out, real* y) {
  const long taps = static_cast<long>(grid.taps.size()), rows = taps * groups.in,
             pixels = grid.rows * grid.cols;
  const std::vector<real> zero(in.c, real(0));
  const long runs = (pixels + direct_run - 1) / direct_run;
  parallel_for(in.n * runs, [&](long run) {
    const long n = run / runs, begin = run % runs * direct_run;
    std::vector<const real*> inputs(taps * max_tile_pixels);
    alignas(vector_bytes) real sums[max_tile_pixels * tile_vectors * lanes];
    Pixel next{begin / grid.cols, begin % grid.cols};
    for_tile_rows(
        std::min(direct_run, pixels - begin), tile_pixels(panel_width(0, groups.out)),
        [&](long first, long count) {
          Pixel pixel[max_tile_pixels];
          long to[max_tile_pixels];
          for (long p = 0; p < count; p++) {
            pixel[p] = next;
            to[p] = ((n * out.h + next.row * grid.step_out.h + grid.first_out.h) * out.w +
                     next.col * grid.step_out.w + grid.first_out.w) *
                    out.c;
            if (++next.col == grid.cols) next = {next.row + 1, 0};
          }
          find_inputs(grid, in, x, zero.data(), n, pixel, count, inputs.data());
          for (long g = 0; g < groups.count; g++)
            for (long k = 0; k < groups.out; k += tile_vectors * lanes) {
              const long width = panel_width(k, groups.out), channel = g * groups.out + k;
              const real* panel = weights.data() + (g * whole_vectors(groups.out) + k) * rows;
              for (long p = 0; p < count; p++)
                __builtin_prefetch(y + to[p] + channel, 1);  // to be written after the product
              microkernel(inputs.data(), count, g * groups.in, taps, groups.in, panel, width, sums,
                          width);
              for_vectors(std::min(width, groups.out - k), [&](long v, auto some) {
                auto numbers = writer(write, y, channel + v, some, run);
                first == 0 ? numbers.begin(load(sums + v)) : numbers.resume();
                for (long p = 0; p < count; p++)
                  numbers(to[p] + channel + v, load(sums + p * width + v));
                numbers.end();
              });
            }
        });
  });
}

// ---- few channels ----

// With few channels, a tap is over before it has begun, as in a network's first layer. But where
// taps stand side by side, so do their channels: in a image with the padding put around it, a row
// of the kernel is one tap of S C numbers. Its weights are packed as before.
bool taps_are_short(const Conv2dShape& q) {
  return q.groups == 1 && q.dilation.w == 1 && q.s > 1 && q.c < lanes;
}

Grid row_grid(const Conv2dShape& q) {
  Grid g{q.oh, q.ow, 1, 0, q.stride, {}};
  for (long r = 0; r < q.r; r++) g.taps.push_back({r * q.dilation.h, 0, r * q.s});
  return g;
}

Tensor with_border(const Conv2dShape& q, const Tensor& x) {
  const long h = q.h + 2 * q.pad.h, w = q.w + 2 * q.pad.w;
  Tensor padded = zeros({q.n, h, w, q.c});
  parallel_for(q.n, [&](long n) {
    for (long i = 0; i < q.h; i++)
      std::copy_n(x.data() + (n * q.h + i) * q.w * q.c, q.w * q.c,
                  padded.data() + ((n * h + i + q.pad.h) * w + q.pad.w) * q.c);
  });
  return padded;
}

// ---- dw ----

// A part of the packed gradient: of one wide group the columns k, k + 1, ... of one panel, and of
// each tap the input channels [begin, end).
struct Part {
  long g, k, begin, end;
};

// Adds what image n contributes to a part of dw, packed as the weights of one wide group. It is
// gone through a few rows at a time, which stay in a core's cache until all taps and channels have
// had them.
void add_gradient(const Conv2dShape& q, const Grid& grid, const Groups& groups, const real* x,
                  const real* dy, long n, const Part& part, real* dw) {
  constexpr long pixels_at_once = 128;
  const long g = part.g, k = part.k;
  const long width = panel_width(k, groups.out), ragged = std::min(width, groups.out - k) < width;
  std::vector<real> copy(ragged ? q.oh * q.ow * width : 0, real(0));
  const real* grad = dy + n * q.oh * q.ow * q.k + g * groups.out + k;
  for (long p = 0; ragged && p < q.oh * q.ow; p++)
    std::copy_n(grad + p * q.k, groups.out - k, copy.data() + p * width);
  const real* from = ragged ? copy.data() : grad;
  const long from_stride = ragged ? width : q.k;
  const long lines = std::max(1l, pixels_at_once / q.ow);
  const auto first_inside = [](long at, long step) {
    return at >= 0 ? 0 : (-at + step - 1) / step;
  };
  const auto after_inside = [](long at, long step, long size, long count) {
    return std::clamp((size - at + step - 1) / step, 0l, count);
  };
  for (long line = 0; line < q.oh; line += lines)
    for (const Tap& tap : grid.taps) {
      const long i0 = std::max(line, first_inside(tap.row, q.stride.h)),
                 i1 = after_inside(tap.row, q.stride.h, q.h, std::min(q.oh, line + lines));
      const long j0 = first_inside(tap.col, q.stride.w),
                 j1 = after_inside(tap.col, q.stride.w, q.w, q.ow);
      if (i0 >= i1 || j0 >= j1) continue;
      const long pixel = (n * q.h + i0 * q.stride.h + tap.row) * q.w + j0 * q.stride.w + tap.col;
      for_tile_rows(part.end - part.begin, tile_rows(width), [&](long first, long rows) {
        const long c = part.begin + first;
        microkernel_outer(
            {x + pixel * q.c + g * groups.in + c, q.stride.w * q.c, q.stride.h * q.w * q.c}, rows,
            {from + (i0 * q.ow + j0) * from_stride, from_stride, q.ow * from_stride}, width,
            i1 - i0, j1 - j0, dw + (tap.weight * groups.in + c) * width, width);
      });
    }
}

// Out of the packed gradients of all wide groups, the weights that there are: [R, S, C/groups, K].
Tensor unpacked(const Conv2dShape& q, const Groups& groups, const real* packed) {
  Tensor dw(q.weight());
  const long rows = q.r * q.s * groups.in, size = packed_size(rows, groups.out);
  parallel_for(q.r * q.s * q.cg, [&](long i) {
    for (long g = 0; g < q.groups; g++) {
      const long m = g % groups.merged, row = i / q.cg * groups.in + m * q.cg + i % q.cg;
      const real* from = packed + g / groups.merged * size;
      for_packed_runs(m * q.kg, q.kg, [&](long at, long k, long count) {
        std::copy_n(from + packed_at(row, at, rows, groups.out), count,
                    dw.data() + i * q.k + g * q.kg + k);
      });
    }
  });
  return dw;
}

}  // namespace

Buffer direct_weight(const Conv2dShape& q, const Tensor& w, const Tensor& scale) {
  return packed_weights(forward_grid(q), Groups(q.groups, q.cg, q.kg),
                        [&](long place, long g, long c, long k) {
                          const long channel = g * q.kg + k;
                          return scale[channel] * w[(place * q.cg + c) * q.k + channel];
                        });
}

Tensor conv2d_direct(const Conv2dShape& q, const Tensor& x, const Buffer& weight,
                     const Epilogue& write_by) {
  Tensor y(q.y());
  Groups groups(q.groups, q.cg, q.kg);
  const auto run = [&](const Grid& grid, const Tensor& images) {
    const Samples in{q.n, images.dim(1), images.dim(2), q.c}, out{q.n, q.oh, q.ow, q.k};
    std::visit(
        [&](const auto& write) {
          convolve(grid, in, images.data(), groups, weight, write, out, y.data());
        },
        write_by);
  };
  if (taps_are_short(q)) {
    groups.in *= q.s;
    run(row_grid(q), with_border(q, x));
  } else {
    run(forward_grid(q), x);
  }
  return y;
}

Tensor conv2d_direct(const Conv2dShape& q, const Tensor& x, const Tensor& w) {
  return conv2d_direct(q, x, direct_weight(q, w, full({q.k}, 1)), BiasClamp(q.k));
}

Tensor conv2d_direct_dx(const Conv2dShape& q, const Tensor& dy, const Tensor& w) {
  Tensor dx(q.x());
  const Groups groups(q.groups, q.kg, q.cg);
  for (long a = 0; a < std::min(q.stride.h, q.h); a++)
    for (long b = 0; b < std::min(q.stride.w, q.w); b++) {
      const Grid grid = gradient_grid(q, a, b);
      const auto turned = [&](long place, long g, long k, long c) {
        return w[(place * q.cg + c) * q.k + g * q.kg + k];
      };
      const Buffer weights = packed_weights(grid, groups, turned);
      convolve(grid, {q.n, q.oh, q.ow, q.k}, dy.data(), groups, weights, BiasClamp(q.c),
               {q.n, q.h, q.w, q.c}, dx.data());
    }
  return dx;
}

// Small weights: images are cut, and each shard has sums of its own. Those of many parts: there is
// one sum of each part, over all images.
Tensor conv2d_direct_dw(const Conv2dShape& q, const Tensor& x, const Tensor& dy) {
  constexpr long channels_a_part = 96;
  const Groups groups(q.groups, q.cg, q.kg);
  const Grid grid = forward_grid(q);
  const long rows = q.r * q.s * groups.in, size = packed_size(rows, groups.out);
  std::vector<Part> parts;
  for (long g = 0; g < groups.count; g++)
    for (long k = 0; k < groups.out; k += tile_vectors * lanes)
      for (long c = 0; c < groups.in; c += channels_a_part)
        parts.push_back({g, k, c, std::min(groups.in, c + channels_a_part)});
  const auto add_part = [&](long first, long last, const Part& part, real* dw) {
    for (long n = first; n < last; n++)
      add_gradient(q, grid, groups, x.data(), dy.data(), n, part,
                   dw + part.g * size + part.k * rows);
  };
  if (std::ssize(parts) >= Shards::max_shards) {
    Tensor dw = zeros({groups.count * size});
    parallel_for(std::ssize(parts), [&](long i) { add_part(0, q.n, parts[i], dw.data()); });
    return unpacked(q, groups, dw.data());
  }
  const Tensor dw = sum_over(Shards(q.n), [&](long begin, long end) {
    Tensor some = zeros({groups.count * size});
    for (const Part& part : parts) add_part(begin, end, part, some.data());
    return some;
  });
  return unpacked(q, groups, dw.data());
}

}  // namespace excite
