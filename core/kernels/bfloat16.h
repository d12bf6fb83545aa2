// Pairs of bfloat16 numbers, for products that are twice as fast as those of floats. A bfloat16 is
// a float without its lower 16 bits: it has the same range, and a relative rounding error of at
// most 1/256. CPUs with AVX512-BF16 multiply two pairs and add both products to a float at once. So
// the kernels keep two neighboring channels together as a pair, which takes the place of a float.
#pragma once
#include <cstdint>

#include "core/kernels/simd.h"

namespace excite {

struct BfloatPair {
  std::uint32_t bits;  // the lower half is the first channel, the upper half the second
};
// The channels of a Number: a real, or a pair.
template <class Number>
inline constexpr long channels_of = std::is_same_v<Number, BfloatPair> ? 2 : 1;

#if defined(__AVX512BF16__) && !defined(EXCITE_DOUBLE)
#define EXCITE_HAS_BFLOAT16
inline constexpr bool has_bfloat16 = true;

using PairVec = __m512i;  // `lanes` pairs

inline PairVec load(const BfloatPair* from) { return _mm512_loadu_si512(from); }

// Rounds `lanes` numbers to the nearest bfloat16, and stores them as lanes / 2 pairs.
inline void store(BfloatPair* to, const Vec& v) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                      reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(v)));
}

// Stores `lanes` pairs, of the numbers of both vectors.
inline void store(BfloatPair* to, const Vec& first, const Vec& second) {
  using Halves = std::uint16_t __attribute__((vector_size(vector_bytes / 2)));
  using Words = std::uint32_t __attribute__((vector_size(vector_bytes)));
  const auto rounded = [](const Vec& v) {
    return __builtin_convertvector(reinterpret_cast<Halves>(_mm512_cvtneps_pbh(v)), Words);
  };
  const Words pairs = rounded(first) | rounded(second) << 16;
  std::memcpy(to, &pairs, sizeof pairs);
}

// sum + first(x) * first(w) + second(x) * second(w), lane by lane, with the same x in all lanes
inline Vec multiply_add(const Vec& sum, const BfloatPair& x, const PairVec& w) {
  const PairVec all = _mm512_set1_epi32(static_cast<int>(x.bits));
  return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(all), reinterpret_cast<__m512bh>(w));
}

// The microkernels of microkernel.h for pairs. `channels`, x_stride and `width` count pairs; each
// column of w has a pair, so a row of w holds two rows of the weight.
void microkernel(const BfloatPair* const* x, long tap_stride, long rows, long first_channel,
                 long taps, long channels, const BfloatPair* w, long width, real* y, long y_stride);
void microkernel(const BfloatPair* x, long x_stride, long rows, long channels, const BfloatPair* w,
                 long width, real* y, long y_stride);
void small_microkernel(const BfloatPair* x, long rows, const BfloatPair* w, real* y);
#else
inline constexpr bool has_bfloat16 = false;
#endif

}  // namespace excite
