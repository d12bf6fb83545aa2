#include "core/kernels/conv2d_winograd.h"

#include <utility>
#include <vector>

#include "core/kernels/elementwise.h"
#include "core/kernels/tile.h"
#include "core/kernels/winograd_tile.h"
#include "core/parallel.h"

namespace excite {

namespace {

constexpr long places = Winograd::places;

// All tiles of all pictures, counted through: so a block of tiles is as long as the cache wants it, whatever the pictures' size.
struct Tiles {
  const Conv2dShape& q;
  long down, across, count;
  explicit Tiles(const Conv2dShape& shape)
      : q(shape), down((q.oh + 3) / 4), across((q.ow + 3) / 4), count(q.n * down * across) {}
};

// Where each of side x side pixels of a tile stands in a batch of h x w pictures of c channels; `outside` stands for all that is not in the picture.
template <int side, class Number>
void find_pixels(const Tiles& tiles, long tile, Size2 pad, long h, long w, long c, Number* pictures, Number* outside, Number* (&pixel)[side][side]) {
  const long n = tile / (tiles.down * tiles.across), top = tile / tiles.across % tiles.down * 4 - pad.h, left = tile % tiles.across * 4 - pad.w;
  for (long i = 0; i < side; i++) {
    const bool row_inside = top + i >= 0 && top + i < h;
    const long line = ((n * h + top + i) * w + left) * c;
    for (long j = 0; j < side; j++) pixel[i][j] = row_inside && left + j >= 0 && left + j < w ? pictures + (line + j * c) : outside;
  }
}

// Some tiles' numbers at 36 places: [36][tiles][channels rounded up to whole vectors]. A cache line between the places keeps them
// from falling on the same lines of the cache.
struct Planes {
  long channels, row, plane;
  Buffer numbers;
  std::vector<const real*> rows;  // where each tile's row of the first place begins
  Planes(long tiles, long c)
      : channels(c), row(whole_vectors(c)), plane(tiles * row + 64 / static_cast<long>(sizeof(real))), numbers(places * plane) {
    for (long tile = 0; tile < tiles; tile++) rows.push_back(at(0, tile));
  }
  real* at(long place, long tile) { return numbers.data() + place * plane + tile * row; }
};

// B^T x B of one tile (From = 6), or A dy A^T (From = 4), whose pixels begin at pixel[i][j].
template <auto one_side, int From>
void transform_in(const real* const (&pixel)[From][From], Planes& planes, long tile) {
  real* to = planes.at(0, tile);
  const long plane = planes.plane;
  for_vectors(planes.channels, [&](long c, long count) {
    both_sides<one_side, From, 6>([&](int i, int j) { return load(pixel[i][j] + c, count); },
                                  [&](int i, int j, const Vec& v) { store(to + (i * 6 + j) * plane + c, v); });
  });
}

void input_tile(const Tiles& tiles, const real* x, const real* zero, long tile, Planes& planes, long at) {
  const Conv2dShape& q = tiles.q;
  const real* pixel[6][6];
  find_pixels(tiles, tile, q.pad, q.h, q.w, q.c, x, zero, pixel);
  transform_in<Winograd::input>(pixel, planes, at);
}

void output_gradient_tile(const Tiles& tiles, const real* dy, const real* zero, long tile, Planes& planes, long at) {
  const Conv2dShape& q = tiles.q;
  const real* pixel[4][4];
  find_pixels(tiles, tile, 0, q.oh, q.ow, q.k, dy, zero, pixel);
  transform_in<Winograd::output_gradient>(pixel, planes, at);
}

// y = A^T m A; what lies outside of the picture goes to `nowhere`.
void output_tile(const Tiles& tiles, Planes& planes, long at, const Finish& finish, real* y, real* nowhere, long tile) {
  const Conv2dShape& q = tiles.q;
  real* pixel[4][4];
  find_pixels(tiles, tile, 0, q.oh, q.ow, q.k, y, nowhere, pixel);
  const real* from = planes.at(0, at);
  const long plane = planes.plane;
  const Vec floor = Vec{} + finish.floor;
  for_vectors(q.k, [&](long k, long count) {
    const Vec bias = load(finish.bias.data() + k);
    both_sides<Winograd::output, 6, 4>([&](int i, int j) { return load(from + (i * 6 + j) * plane + k); },
                                       [&](int i, int j, const Vec& v) { store(pixel[i][j] + k, at_least(v + bias, floor), count); });
  });
}

// m = x u at one place: (tiles, C) (C, K)
void product_at(long place, long tiles, Planes& x, const Buffer& weight, Planes& m) {
  const real* u = weight.data() + place * packed_size(x.channels, m.channels);
  for (long k = 0; k < m.row; k += tile_vectors * lanes)
    for_tile_rows(tiles, [&](long first, long rows) {
      tile_product(x.rows.data() + first, rows, place * x.plane, 1, x.channels, u + k * x.channels, panel_width(k, m.channels), m.at(place, first) + k,
                   m.row);
    });
}

// du += x^T dm at one place: (C, tiles) (tiles, K)
void outer_at(long place, long tiles, Planes& x, Planes& dm, Planes& du) {
  for (long k = 0; k < dm.row; k += tile_vectors * lanes)
    for_tile_rows(x.channels, [&](long c, long rows) {
      tile_outer({x.at(place, 0) + c, x.row, 0}, rows, {dm.at(place, 0) + k, dm.row, 0}, panel_width(k, dm.channels), 1, tiles,
                 du.at(place, c) + k, du.row);
    });
}

// Small weights stay in a core's cache, so each core takes blocks of tiles of its own. Large ones do not: there all cores work on one
// block, and share out its places. A gradient of weights is written as well as read, and becomes too large the sooner.
bool weights_are_large(const Conv2dShape& q) { return q.c * q.k >= 128 * 128; }
bool gradient_is_large(const Conv2dShape& q) { return q.c * q.k >= 64 * 64; }

long tiles_a_block(const Conv2dShape& q, bool large) {
  const long bytes_a_tile = places * (whole_vectors(q.c) + whole_vectors(q.k)) * static_cast<long>(sizeof(real));
  const long fitting = std::clamp((288l << 10) / bytes_a_tile, 30l, 96l);
  return large ? 192 : fitting / tile_rows * tile_rows;
}

std::vector<real> zeros_for(long channels) { return std::vector<real>(static_cast<std::size_t>(whole_vectors(channels)), real(0)); }

// The rows of pixels that some tiles cover, in a batch of pictures of h rows of `line` numbers: numbers [begin, end).
struct Stretch {
  long begin, end;
};
Stretch rows_of(const Tiles& tiles, long first, long last, long h, long line) {
  const auto row = [&](long tile, long more) { return tile / tiles.across / tiles.down * h + std::min(h, tile / tiles.across % tiles.down * 4 + more); };
  return first < last ? Stretch{row(first, 0) * line, row(last - 1, 4) * line} : Stretch{0, 0};
}

// Memory is idle while products are computed. So with each place comes a 36th of what is wanted after them; `write` if it is to be written.
template <int write>
void fetch(const real* numbers, const Stretch& s, long place) {
  constexpr long line = 64 / static_cast<long>(sizeof(real));
  const long size = s.end - s.begin;
  for (long i = s.begin + size * place / places; i < s.begin + size * (place + 1) / places; i += line) __builtin_prefetch(numbers + i, write);
}

// Some tiles, a block of them at a time, in memory that is used again for each block.
void forward_blocks(const Tiles& tiles, long begin, long end, long block, const real* x, const Buffer& u, const Finish& finish, real* y) {
  const Conv2dShape& q = tiles.q;
  const std::vector<real> zero = zeros_for(q.c);
  Planes in(block, q.c), m(block, q.k);
  for (long first = begin; first < end; first += block) {
    const long count = std::min(block, end - first);
    parallel_for(count, [&](long t) { input_tile(tiles, x, zero.data(), first + t, in, t); });
    const Stretch next = rows_of(tiles, first + count, std::min(first + count + block, end), q.h, q.w * q.c);
    const Stretch written = rows_of(tiles, first, first + count, q.oh, q.ow * q.k);
    parallel_for(places, [&](long place) {
      fetch<0>(x, next, place);
      fetch<1>(y, written, place);
      product_at(place, count, in, u, m);
    });
    parallel_for(count, [&](long t) {
      thread_local std::vector<real> nowhere;  // of each thread: several tiles may write there at once
      if (static_cast<long>(nowhere.size()) < q.k) nowhere.resize(static_cast<std::size_t>(q.k));
      output_tile(tiles, m, t, finish, y, nowhere.data(), first + t);
    });
  }
}

// du [36][C][K] of some tiles, added up.
void gradient_blocks(const Tiles& tiles, long begin, long end, const real* x, const real* dy, Planes& du) {
  const Conv2dShape& q = tiles.q;
  const std::vector<real> zero = zeros_for(std::max(q.c, q.k));
  std::fill_n(du.numbers.data(), places * du.plane, real(0));
  const long block = tiles_a_block(q, gradient_is_large(q));
  Planes in(block, q.c), dm(block, q.k);
  for (long first = begin; first < end; first += block) {
    const long count = std::min(block, end - first);
    parallel_for(count, [&](long t) {
      input_tile(tiles, x, zero.data(), first + t, in, t);
      output_gradient_tile(tiles, dy, zero.data(), first + t, dm, t);
    });
    const long last = std::min(first + count + block, end);
    const Stretch next_x = rows_of(tiles, first + count, last, q.h, q.w * q.c), next_dy = rows_of(tiles, first + count, last, q.oh, q.ow * q.k);
    parallel_for(places, [&](long place) {
      fetch<0>(x, next_x, place);
      fetch<0>(dy, next_dy, place);
      outer_at(place, count, in, dm, du);
    });
  }
}

Tensor weight_gradient(const Conv2dShape& q, Planes& du) {  // G^T du G
  Tensor dw(q.weight());
  parallel_for(q.c, [&](long c) {
    for_vectors(q.k, [&](long k, long count) {
      real* to = dw.data() + c * q.k + k;
      both_sides<Winograd::weight_gradient, 6, 3>([&](int i, int j) { return load(du.at(i * 6 + j, c) + k); },
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
  return q.r == 3 && q.s == 3 && q.stride == Size2(1) && q.dilation == Size2(1) && q.groups == 1 && q.pad.h <= 2 && q.pad.w <= 2;
}

// Packed in panels for each place: [36][C, K]
Buffer winograd_weight(const Tensor& w) {
  const long c = w.dim(2), k = w.dim(3);
  Buffer u(places * packed_size(c, k));
  parallel_for(c, [&](long channel) {
    for_vectors(k, [&](long first, long count) {
      real* to = u.data() + packed_at(channel, first, c, k);
      both_sides<Winograd::weight, 3, 6>([&](int r, int s) { return load(w.data() + ((r * 3 + s) * c + channel) * k + first, count); },
                                         [&](int i, int j, const Vec& v) { store(to + (i * 6 + j) * packed_size(c, k), v); });
    });
  });
  return u;
}

Tensor conv2d_winograd(const Conv2dShape& q, const Tensor& x, const Buffer& weight, const Finish& finish) {
  Tensor y(q.y());
  const Tiles tiles(q);
  const long block = tiles_a_block(q, weights_are_large(q));
  const auto body = [&](long, long begin, long end) { forward_blocks(tiles, begin, end, block, x.data(), weight, finish, y.data()); };
  if (weights_are_large(q)) body(0, 0, tiles.count);
  else parallel_shards(Shards(tiles.count, block), body);
  return y;
}

Tensor conv2d_winograd(const Conv2dShape& q, const Tensor& x, const Tensor& w) { return conv2d_winograd(q, x, winograd_weight(w), Finish(q.k)); }

Tensor conv2d_winograd_dx(const Conv2dShape& q, const Tensor& dy, const Tensor& w) {
  const Tensor turned = turned_round(w);
  return conv2d_winograd(Conv2dShape(q.y(), turned.shape(), {.pad = {2 - q.pad.h, 2 - q.pad.w}}), dy, turned);
}

Tensor conv2d_winograd_dw(const Conv2dShape& q, const Tensor& x, const Tensor& dy) {
  const Tiles tiles(q);
  if (gradient_is_large(q)) {
    Planes du(q.c, q.k);
    gradient_blocks(tiles, 0, tiles.count, x.data(), dy.data(), du);
    return weight_gradient(q, du);
  }
  const Shards shards(tiles.count);
  std::vector<Tensor> partial(static_cast<std::size_t>(shards.count));
  parallel_shards(shards, [&](long shard, long begin, long end) {
    Planes du(q.c, q.k);
    gradient_blocks(tiles, begin, end, x.data(), dy.data(), du);
    partial[static_cast<std::size_t>(shard)] = weight_gradient(q, du);
  });
  for (std::size_t s = 1; s < partial.size(); s++) add_to(partial[0], partial[s]);
  return std::move(partial[0]);
}

}  // namespace excite
