// The same a vector of channels at a time, as the loops of convolutions call it.
#pragma once
#include "core/kernels/conv2d_fusion.h"
#include "core/kernels/simd.h"

namespace excite {

// ---- reader(x): the numbers of some channels of a pixel, that stand at x. Zeros around an image
// have to stay zeros, but max(b - a mean, 0) is what NormRelu would read there. ----
template <class Count>
struct Reader {
  static constexpr bool zero_is_zero = true;
  Count count;
  Vec operator()(const real* x) const { return load(x, count); }
};
template <class Count>
Reader<Count> reader(const Identity&, long, Count count) {
  return {count};
}

template <class Count>
struct NormReluReader {
  static constexpr bool zero_is_zero = false;
  Count count;
  Vec mean, a, b;
  Vec from_mean(const real* u) const { return load(u, count) - mean; }
  Vec norm(const Vec& d) const { return a * d + b; }
  Vec operator()(const real* u) const { return at_least(norm(from_mean(u)), Vec{}); }
};
template <class Count>
NormReluReader<Count> reader(const NormRelu& n, long c, Count count) {
  return {count, load(n.mean.data() + c, count), load(n.a.data() + c, count),
          load(n.b.data() + c, count)};
}

// ---- writer(i, v): v is number i of y and the channels beside it. Before the first of a run is
// begin(v), or else resume(); after its last, end() ----
template <class Count>
struct BiasClampWriter {
  real* y;
  Count count;
  Vec bias, floor;
  void begin(const Vec&) {}
  void resume() {}
  void operator()(long i, const Vec& v) { store(y + i, at_least(v + bias, floor), count); }
  void end() {}
};
template <class Count>
BiasClampWriter<Count> writer(const BiasClamp& f, real* y, long c, Count count, long) {
  return {y, count, load(f.bias.data() + c), Vec{} + f.floor};
}

template <class Count>
struct MomentsWriter {
  real* y;
  Count count;
  real *at_origin, *at_sum, *at_squares;
  Vec origin{}, sum{}, squares{};
  void begin(const Vec& first) { origin = first; }
  void resume() {
    origin = load(at_origin, count), sum = load(at_sum, count), squares = load(at_squares, count);
  }
  void operator()(long i, const Vec& v) {
    store(y + i, v, count);
    const Vec d = v - origin;
    sum += d;
    squares += d * d;
  }
  void end() {
    store(at_origin, origin, count), store(at_sum, sum, count), store(at_squares, squares, count);
  }
};
template <class Count>
MomentsWriter<Count> writer(const AccumulateMoments& s, real* y, long c, Count count, long run) {
  return {y, count, s.sums.at(run, RunSums::origin) + c, s.sums.at(run, RunSums::first) + c,
          s.sums.at(run, RunSums::second) + c};
}

template <class Count>
struct MaskedWriter {
  real* y;
  const real* u;
  NormReluReader<Count> read;
  real *at_sum, *at_product;
  Vec sum{}, product{};
  void begin(const Vec&) {}
  void resume() { sum = load(at_sum, read.count), product = load(at_product, read.count); }
  void operator()(long i, const Vec& v) {
    store(y + i, v, read.count);
    const Vec from_mean = read.from_mean(u + i), d = read.norm(from_mean) > 0 ? v : Vec{};
    sum += d;
    product += d * from_mean;
  }
  void end() { store(at_sum, sum, read.count), store(at_product, product, read.count); }
};
template <class Count>
MaskedWriter<Count> writer(const AccumulateMasked& s, real* y, long c, Count count, long run) {
  return {y, s.u.data(), reader(s.norm, c, count), s.sums.at(run, RunSums::first) + c,
          s.sums.at(run, RunSums::second) + c};
}

// What a writer reads beside what it writes, number by number; null if nothing.
inline const real* beside(const BiasClamp&) { return nullptr; }
inline const real* beside(const AccumulateMoments&) { return nullptr; }
inline const real* beside(const AccumulateMasked& s) { return s.u.data(); }

}  // namespace excite
