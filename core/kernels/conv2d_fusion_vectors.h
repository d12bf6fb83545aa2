// Prologues and epilogues on one vector of channels at a time, as the loops of the convolutions
// call them. `Count` is the number of channels in the vector: WholeVector or long (simd.h).
#pragma once
#include "core/kernels/conv2d_fusion.h"
#include "core/kernels/simd.h"

namespace excite {

// ---- make_load(prologue, c, count) gives a function: load_x(x) reads the `count` numbers at x,
// which belong to channels c, c + 1, ... of a pixel, and applies the prologue.
// Padding has to stay zero, but NormRelu would turn a zero into max(b - a mean, 0): then
// maps_zero_to_zero is false. ----
template <class Count>
struct LoadIdentity {
  static constexpr bool maps_zero_to_zero = true;
  Count count;
  Vec operator()(const real* x) const { return load(x, count); }
};
template <class Count>
LoadIdentity<Count> make_load(const Identity&, long, Count count) {
  return {count};
}

template <class Count>
struct LoadNormRelu {
  static constexpr bool maps_zero_to_zero = false;
  Count count;
  Vec mean, a, b;
  Vec centered(const real* u) const { return load(u, count) - mean; }
  Vec norm(const Vec& d) const { return a * d + b; }
  Vec operator()(const real* u) const { return at_least(norm(centered(u)), Vec{}); }
};
template <class Count>
LoadNormRelu<Count> make_load(const NormRelu& n, long c, Count count) {
  return {count, load(n.mean.data() + c, count), load(n.a.data() + c, count),
          load(n.b.data() + c, count)};
}

// ---- where an epilogue writes ----
// A result of this size or more is not in a core's cache any more when it is read, so it is
// streamed (simd.h). That needs channels in whole cache lines.
struct Output {
  static constexpr long min_streamed_bytes = 1l << 20;
  real* numbers;
  bool streamed;
  explicit Output(Tensor& y)
      : numbers(y.data()),
        streamed(bytes(y.dim(-1)) % cache_line_bytes == 0 &&
                 bytes(y.size()) >= min_streamed_bytes) {}

 private:
  static long bytes(long count) { return count * static_cast<long>(sizeof(real)); }
};

// Writes `count` numbers at index i of the output.
template <class Count>
struct Writer {
  const Output& y;
  Count count;
  void operator()(long i, const Vec& v) const {
    if constexpr (std::is_same_v<Count, WholeVector>)
      if (y.streamed) return stream(y.numbers + i, v);
    store(y.numbers + i, v, count);
  }
};

// ---- make_store(epilogue, y, c, count, run) gives a function: store_y(i, v) applies the epilogue
// to v and writes it to y[i], y[i + 1], ... Call begin(near) before the first v of a run, where
// `near` is near the numbers of the run, or resume() to continue a run, and end() after the last.
// ----

// The mean of v(0), ..., v(count - 1), nearly: a number near a run, even if v(0) is an outlier. It
// is exact if all are equal.
template <class Vectors>
Vec near_mean(long count, const Vectors& v) {
  const Vec first = v(0);
  Vec sum{};
  for (long i = 1; i < count; i++) sum += v(i) - first;
  return first + sum * (Vec{} + 1 / static_cast<real>(count));
}
template <class Count>
struct StoreBiasClamp {
  Writer<Count> write;
  Vec bias, floor;
  void begin(const Vec&) {}
  void resume() {}
  void operator()(long i, const Vec& v) { write(i, at_least(v + bias, floor)); }
  void end() {}
};
template <class Count>
StoreBiasClamp<Count> make_store(const BiasClamp& e, const Output& y, long c, Count count, long) {
  return {{y, count}, load(e.bias.data() + c), Vec{} + e.floor};
}

// The output is in the cache once it was read, so it is not streamed.
template <class Count>
struct StoreSum {
  real* y;
  Count count;
  void begin(const Vec&) {}
  void resume() {}
  void operator()(long i, const Vec& v) { store(y + i, load(y + i, count) + v, count); }
  void end() {}
};
template <class Count>
StoreSum<Count> make_store(const AddToOutput&, const Output& y, long, Count count, long) {
  return {y.numbers, count};
}

template <class Count>
struct StoreAndAccumulateMoments {
  Writer<Count> write;
  real *origin_slot, *sum_slot, *squares_slot;
  Vec origin{}, sum{}, squares{};
  void begin(const Vec& near) { origin = near; }
  void resume() {
    origin = load(origin_slot, write.count), sum = load(sum_slot, write.count),
    squares = load(squares_slot, write.count);
  }
  void operator()(long i, const Vec& v) {
    write(i, v);
    const Vec d = v - origin;
    sum += d;
    squares += d * d;
  }
  void end() {
    store(origin_slot, origin, write.count), store(sum_slot, sum, write.count),
        store(squares_slot, squares, write.count);
  }
};
template <class Count>
StoreAndAccumulateMoments<Count> make_store(const AccumulateMoments& e, const Output& y, long c,
                                            Count count, long run) {
  return {{y, count},
          e.sums.at(run, RunSums::origin) + c,
          e.sums.at(run, RunSums::first) + c,
          e.sums.at(run, RunSums::second) + c};
}

template <class Count>
struct StoreAndAccumulateMasked {
  Writer<Count> write;
  const real* u;
  LoadNormRelu<Count> norm_relu;
  real *sum_slot, *product_slot;
  Vec sum{}, product{};
  void begin(const Vec&) {}
  void resume() {
    sum = load(sum_slot, norm_relu.count), product = load(product_slot, norm_relu.count);
  }
  void operator()(long i, const Vec& v) {
    write(i, v);
    const Vec centered = norm_relu.centered(u + i), d = relu_gradient(v, norm_relu.norm(centered));
    sum += d;
    product += d * centered;
  }
  void end() {
    store(sum_slot, sum, norm_relu.count), store(product_slot, product, norm_relu.count);
  }
};
template <class Count>
StoreAndAccumulateMasked<Count> make_store(const AccumulateMasked& e, const Output& y, long c,
                                           Count count, long run) {
  return {{y, count},
          e.u.data(),
          make_load(e.norm, c, count),
          e.sums.at(run, RunSums::first) + c,
          e.sums.at(run, RunSums::second) + c};
}

// The numbers that an epilogue reads, in the same order as it writes y; null if it reads none.
inline const real* read_by(const BiasClamp&, const Output&) { return nullptr; }
inline const real* read_by(const AddToOutput&, const Output& y) { return y.numbers; }
inline const real* read_by(const AccumulateMoments&, const Output&) { return nullptr; }
inline const real* read_by(const AccumulateMasked& e, const Output&) { return e.u.data(); }

}  // namespace excite
