// The product microkernels as templates. A Number is a real, or a pair of bfloat16 (bfloat16.h),
// which counts as one channel.
#pragma once
#include <array>
#include <utility>

#include "core/kernels/microkernel.h"

namespace excite {

// sum + x * w, lane by lane, rounded once if the processor can. As an expression, g++ 12 also
// rounds the product where a tile has but one sum, for AMD's processors. Then the only row of a
// tile would have other bits than the same row in a larger tile.
inline Vec multiply_add(const Vec& sum, real x, const Vec& w) {
#if defined(__AVX512F__)
  return sizeof(real) == 4
             ? reinterpret_cast<Vec>(_mm512_fmadd_ps(_mm512_set1_ps(static_cast<float>(x)),
                                                     reinterpret_cast<__m512>(w),
                                                     reinterpret_cast<__m512>(sum)))
             : reinterpret_cast<Vec>(_mm512_fmadd_pd(_mm512_set1_pd(static_cast<double>(x)),
                                                     reinterpret_cast<__m512d>(w),
                                                     reinterpret_cast<__m512d>(sum)));
#elif defined(__FMA__)
  return sizeof(real) == 4
             ? reinterpret_cast<Vec>(_mm256_fmadd_ps(_mm256_set1_ps(static_cast<float>(x)),
                                                     reinterpret_cast<__m256>(w),
                                                     reinterpret_cast<__m256>(sum)))
             : reinterpret_cast<Vec>(_mm256_fmadd_pd(_mm256_set1_pd(static_cast<double>(x)),
                                                     reinterpret_cast<__m256d>(w),
                                                     reinterpret_cast<__m256d>(sum)));
#else
  return sum + x * w;
#endif
}

// The sums of a tile: P rows of V vectors.
template <int P, int V>
struct Sums {
  Vec sum[P][V];

  [[gnu::always_inline]] Sums() {
    for_each([&](int p, int v) { sum[p][v] = Vec{}; });
  }

  // sum[p][:] += factor(p) * w[:] for V vectors.
  template <class Factor, class Vector>
  [[gnu::always_inline]] void add_vectors(const Factor& factor, const Vector (&w)[V]) {
    for_each([&](int p, int v) { sum[p][v] = multiply_add(sum[p][v], factor(p), w[v]); });
  }
  // The same for the V vectors at w.
  template <class Factor, class Number>
  [[gnu::always_inline]] void add(const Factor& factor, const Number* w) {
    decltype(load(w)) weight[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) weight[v] = load(w + v * lanes);
    add_vectors(factor, weight);
  }

  template <class Each>
  [[gnu::always_inline]] static void for_each(const Each& each) {
#pragma GCC unroll 16
    for (int p = 0; p < P; p++)
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) each(p, v);
  }
};

// The kernels are never inlined: otherwise the compiler does not keep every sum in a
// register.
template <int P, int V, class Number>
[[gnu::noinline]] void product(const Number* const* x, long tap_stride, long first_channel,
                               long taps, long channels, const Number* w, real* y, long y_stride) {
  Sums<P, V> sums;
  for (long t = 0; t < taps; t++, x += tap_stride) {
    const Number* row[P];
#pragma GCC unroll 16
    for (int p = 0; p < P; p++) row[p] = x[p] + first_channel;
    for (long c = 0; c < channels; c++, w += V * lanes)
      sums.add([&](int p) { return row[p][c]; }, w);
  }
  sums.for_each([&](int p, int v) { store(y + p * y_stride + v * lanes, sums.sum[p][v]); });
}

template <int P, int V, class Number>
[[gnu::noinline]] void matrix_product(const Number* x, long x_stride, long channels,
                                      const Number* w, real* y, long y_stride) {
  Sums<P, V> sums;
  // The addresses of every fourth row; the other rows are reached from them by 1, 2 and 3 strides.
  // One address per row would need more registers than there are.
  constexpr int addresses = (P + 3) / 4;
  const Number* address[addresses];
  for (int i = 0; i < addresses; i++) address[i] = x + 4 * i * x_stride;
  const long three_strides = 3 * x_stride;
  for (long c = 0; c < channels; c++, w += V * lanes) {
    sums.add(
        [&](int p) {
          const Number* at = address[p / 4];
          return p % 4 == 0   ? at[0]
                 : p % 4 == 1 ? at[x_stride]
                 : p % 4 == 2 ? at[2 * x_stride]
                              : at[three_strides];
        },
        w);
#pragma GCC unroll 4
    for (int i = 0; i < addresses; i++) address[i]++;
  }
  sums.for_each([&](int p, int v) { store(y + p * y_stride + v * lanes, sums.sum[p][v]); });
}

// The product of P rows with a weight of C channels that is in registers. Rows follow each other.
template <int P, int C, class Number, class Weight>
[[gnu::always_inline]] inline void product_of_rows(const Number* x, const Weight (&w)[C][1],
                                                   real* y) {
  Sums<P, 1> sums;
#pragma GCC unroll 16
  for (int c = 0; c < C; c++) sums.add_vectors([&](int p) { return x[p * C + c]; }, w[c]);
  sums.for_each([&](int p, int) { store(y + p * lanes, sums.sum[p][0]); });
}

// Any number of rows. Loading the weight once leaves only the factors to be loaded.
template <int C, class Number>
[[gnu::noinline]] void small_product(const Number* x, long rows, const Number* w, real* y) {
  decltype(load(w)) weight[C][1];
#pragma GCC unroll 16
  for (int c = 0; c < C; c++) weight[c][0] = load(w + c * lanes);
  constexpr int together = 8;  // sums, next to the weight's vectors
  for (; rows >= together; rows -= together, x += together * C, y += together * lanes)
    product_of_rows<together>(x, weight, y);
  for (; rows > 0; rows--, x += C, y += lanes) product_of_rows<1>(x, weight, y);
}

// One function per tile size, in tables indexed by [vectors - 1][rows - 1].
template <class Number>
struct ProductKernels {
  using Pointers = void (*)(const Number* const* x, long tap_stride, long first_channel, long taps,
                            long channels, const Number* w, real* y, long y_stride);
  using Matrix = void (*)(const Number* x, long x_stride, long channels, const Number* w, real* y,
                          long y_stride);

  template <int V, int... P>
  static constexpr std::array<Pointers, sizeof...(P)> of_pointers(
      std::integer_sequence<int, P...>) {
    return {product<P + 1, V, Number>...};
  }
  template <int V, int... P>
  static constexpr std::array<Matrix, sizeof...(P)> of_matrices(std::integer_sequence<int, P...>) {
    return {matrix_product<P + 1, V, Number>...};
  }
  template <int V>
  static constexpr auto pointers =
      of_pointers<V>(std::make_integer_sequence<int, tile_pixels(V* lanes)>());
  template <int V>
  static constexpr auto matrices =
      of_matrices<V>(std::make_integer_sequence<int, tile_rows(V* lanes)>());

  static constexpr const Pointers* pointers_by_width[] = {pointers<1>.data(), pointers<2>.data(),
                                                          pointers<3>.data(), pointers<4>.data()};
  static constexpr const Matrix* matrices_by_width[] = {matrices<1>.data(), matrices<2>.data(),
                                                        matrices<3>.data(), matrices<4>.data()};
};

}  // namespace excite
