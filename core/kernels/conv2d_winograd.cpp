#include "core/kernels/conv2d_winograd.h"

#include <numeric>
#include <vector>

#include "core/kernels/elementwise.h"
#include "core/kernels/microkernel.h"
#include "core/kernels/winograd_bands.h"
#include "core/parallel.h"

namespace excite {

namespace {

constexpr long places = Winograd::places;

// m = x u at one place: (tiles, C) (C, K)
void product_at(long place, long tiles, Planes& x, const Buffer& weight, Planes& m) {
  const real* u = weight.data() + place * packed_size(x.channels, m.channels);
  for (long k = 0; k < m.row; k += tile_vectors * lanes) {
    const long width = panel_width(k, m.channels);
    for_tile_rows(tiles, tile_rows(width), [&](long first, long rows) {
      microkernel(x.at(place, first), x.row, rows, x.channels, u + k * x.channels, width,
                  m.at(place, first) + k, m.row);
    });
  }
}

// du += x^T dm at one place: (C, tiles) (tiles, K)
void outer_at(long place, long tiles, Planes& x, Planes& dm, Planes& du) {
  for (long k = 0; k < dm.row; k += tile_vectors * lanes) {
    const long width = panel_width(k, dm.channels);
    for_tile_rows(x.channels, tile_rows(width), [&](long c, long rows) {
      microkernel_outer({x.at(place, 0) + c, x.row, 0}, rows, {dm.at(place, 0) + k, dm.row, 0},
                        width, 1, tiles, du.at(place, c) + k, du.row);
    });
  }
}

// Small weights stay in a core's cache, so each core takes blocks of tiles of its own. Large ones
// do not: there all cores work on one block, and share out its places. A gradient of weights is
// written as well as read, and becomes too large the sooner.
bool weights_are_large(const Conv2dShape& q) { return q.c * q.k >= 128 * 128; }
bool gradient_is_large(const Conv2dShape& q) { return q.c * q.k >= 64 * 64; }

// As many bands as fit into so many tiles, but at least one; and such that products have no short
// tiles, if that can be.
long bands_a_block(const Bands& bands, long tiles) {
  const long fitting = std::max(1l, tiles / bands.across),
             whole = max_tile_rows / std::gcd(max_tile_rows, bands.across);
  return fitting < whole ? fitting : fitting / whole * whole;
}
long bands_of_one_core(const Bands& bands) {
  const long bytes_a_tile = places * (whole_vectors(bands.q.c) + whole_vectors(bands.q.k)) *
                            static_cast<long>(sizeof(real));
  return bands_a_block(bands, std::clamp((288l << 10) / bytes_a_tile, 30l, 96l));
}
long bands_of_all_cores(const Bands& bands) { return bands_a_block(bands, 192); }

// The rows of pixels that some bands cover, in a batch of images of h rows of `line` numbers:
// numbers [begin, end).
struct Range {
  long begin, end;
};
Range rows_of(const Bands& bands, long first, long last, long h, long line) {
  const auto row = [&](long band, long more) {
    return bands.image(band) * h + std::min(h, bands.top(band) + more);
  };
  return first < last ? Range{row(first, 0) * line, row(last - 1, 4) * line} : Range{0, 0};
}

// Memory is idle while products are computed. So with each place comes a 36th of what is wanted
// after them; `write` if it is to be written.
template <int write>
void fetch(const real* numbers, const Range& s, long place) {
  constexpr long line = 64 / static_cast<long>(sizeof(real));
  const long size = s.end - s.begin;
  for (long i = s.begin + size * place / places; i < s.begin + size * (place + 1) / places;
       i += line)
    __builtin_prefetch(numbers + i, write);
}

std::vector<real> zeros_for(long numbers) { return std::vector<real>(numbers + lanes, real(0)); }

// Some bands, a block of them at a time, in memory that is used again for each block.
template <class Read, class Write>
void forward_blocks(const Bands& bands, long begin, long end, long block, const real* x,
                    const Buffer& u, const Read& read, const Write& write, real* y) {
  const Conv2dShape& q = bands.q;
  const std::vector<real> zero = zeros_for(q.w * q.c);
  Planes in(block * bands.across, q.c), m(block * bands.across, q.k);
  for (long first = begin; first < end; first += block) {
    const long count = std::min(block, end - first);
    parallel_for(count, [&](long b) {
      input_band(bands, x, zero.data(), read, first + b, in, b * bands.across);
    });
    const Range next =
        rows_of(bands, first + count, std::min(first + count + block, end), q.h, q.w * q.c);
    const Range written = rows_of(bands, first, first + count, q.oh, q.ow * q.k);
    parallel_for(places, [&](long place) {
      fetch<0>(x, next, place);
      fetch<1>(y, written, place);
      if (beside(write)) fetch<0>(beside(write), written, place);
      product_at(place, count * bands.across, in, u, m);
    });
    parallel_for(count,
                 [&](long b) { output_band(bands, m, b * bands.across, write, y, first + b); });
  }
}

// du [36][C][K] of some bands, added up.
template <class Read>
void gradient_blocks(const Bands& bands, long begin, long end, const real* x, const Read& read,
                     const real* dy, Planes& du) {
  const Conv2dShape& q = bands.q;
  const std::vector<real> zero = zeros_for(std::max(q.w * q.c, q.ow * q.k));
  std::fill_n(du.numbers.data(), places * du.plane, real(0));
  const long block = gradient_is_large(q) ? bands_of_all_cores(bands) : bands_of_one_core(bands);
  Planes in(block * bands.across, q.c), dm(block * bands.across, q.k);
  for (long first = begin; first < end; first += block) {
    const long count = std::min(block, end - first);
    parallel_for(count, [&](long b) {
      input_band(bands, x, zero.data(), read, first + b, in, b * bands.across);
      output_gradient_band(bands, dy, zero.data(), first + b, dm, b * bands.across);
    });
    const long last = std::min(first + count + block, end);
    const Range next_x = rows_of(bands, first + count, last, q.h, q.w * q.c),
                next_dy = rows_of(bands, first + count, last, q.oh, q.ow * q.k);
    parallel_for(places, [&](long place) {
      fetch<0>(x, next_x, place);
      fetch<0>(dy, next_dy, place);
      outer_at(place, count * bands.across, in, dm, du);
    });
  }
}

Tensor weight_gradient(const Conv2dShape& q, Planes& du) {  // G^T du G
  Tensor dw(q.weight());
  parallel_for(q.c, [&](long c) {
    for_vectors(q.k, [&](long k, long count) {
      real* to = dw.data() + c * q.k + k;
      both_sides<Winograd::weight_gradient, 6, 3>(
          [&](int i, int j) { return load(du.at(i * 6 + j, c) + k); },
          [&](int r, int s, const Vec& v) { store(to + (r * 3 + s) * q.c * q.k, v, count); });
    });
  });
  return dw;
}

// w[r, s, c, k] -> [2 - r, 2 - s, k, c]
Tensor turned_round(const Tensor& w) {
  const long c = w.dim(2), k = w.dim(3);
  Tensor turned({3, 3, k, c});
  parallel_for(9, [&](long tap) {
    const real* from = w.data() + tap * c * k;
    real* to = turned.data() + (8 - tap) * c * k;
    for (long i = 0; i < c; i++)
      for (long j = 0; j < k; j++) to[j * c + i] = from[i * k + j];
  });
  return turned;
}

}  // namespace

bool winograd_can(const Conv2dShape& q) {
  return q.r == 3 && q.s == 3 && q.stride == Size2(1) && q.dilation == Size2(1) && q.groups == 1 &&
         q.pad.h <= 2 && q.pad.w <= 2;
}

// Packed in panels for each place: [36][C, K]
Buffer winograd_weight(const Tensor& w, const Tensor& scale) {
  const long c = w.dim(2), k = w.dim(3);
  Buffer u(places * packed_size(c, k));
  parallel_for(c, [&](long channel) {
    for_vectors(k, [&](long first, long count) {
      real* to = u.data() + packed_at(channel, first, c, k);
      const Vec factor = load(scale.data() + first, count);
      both_sides<Winograd::weight, 3, 6>(
          [&](int r, int s) {
            return factor * load(w.data() + ((r * 3 + s) * c + channel) * k + first, count);
          },
          [&](int i, int j, const Vec& v) { store(to + (i * 6 + j) * packed_size(c, k), v); });
    });
  });
  return u;
}

Tensor conv2d_winograd(const Conv2dShape& q, const Tensor& x, const Buffer& weight,
                       const Prologue& read_by, const Epilogue& write_by) {
  Tensor y(q.y());
  const Bands bands(q);
  const bool few =
      bands.count < Shards::max_shards * bands_of_one_core(bands);  // of blocks, for many cores
  const bool together = weights_are_large(q) || few;
  const long block = together ? bands_of_all_cores(bands) : bands_of_one_core(bands);
  const auto blocks = [&](long begin, long end) {
    std::visit(
        [&](const auto& read, const auto& write) {
          forward_blocks(bands, begin, end, block, x.data(), weight, read, write, y.data());
        },
        read_by, write_by);
  };
  if (together)
    blocks(0, bands.count);
  else
    parallel_shards(Shards(bands.count, block),
                    [&](long, long begin, long end) { blocks(begin, end); });
  return y;
}

Tensor conv2d_winograd(const Conv2dShape& q, const Tensor& x, const Tensor& w) {
  return conv2d_winograd(q, x, winograd_weight(w, full({q.k}, 1)), Identity(), BiasClamp(q.k));
}

Tensor conv2d_winograd_dx(const Conv2dShape& q, const Tensor& dy, const Tensor& w,
                          const Epilogue& write) {
  const Buffer turned = winograd_weight(turned_round(w), full({q.c}, 1));
  return conv2d_winograd(Conv2dShape(q.y(), {3, 3, q.k, q.c}, {.pad = {2 - q.pad.h, 2 - q.pad.w}}),
                         dy, turned, Identity(), write);
}
Tensor conv2d_winograd_dx(const Conv2dShape& q, const Tensor& dy, const Tensor& w) {
  return conv2d_winograd_dx(q, dy, w, BiasClamp(q.c));
}

Tensor conv2d_winograd_dw(const Conv2dShape& q, const Tensor& x, const Tensor& dy,
                          const Prologue& read_by) {
  const Bands bands(q);
  const auto gradient = [&](long begin, long end) {
    Planes du(q.c, q.k);
    std::visit(
        [&](const auto& read) {
          gradient_blocks(bands, begin, end, x.data(), read, dy.data(), du);
        },
        read_by);
    return weight_gradient(q, du);
  };
  return gradient_is_large(q) ? gradient(0, bands.count) : sum_over(Shards(bands.count), gradient);
}
Tensor conv2d_winograd_dw(const Conv2dShape& q, const Tensor& x, const Tensor& dy) {
  return conv2d_winograd_dw(q, x, dy, Identity());
}

}  // namespace excite
