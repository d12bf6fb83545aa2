// The compiler's vector types. A Vec holds as many reals as a vector register of this machine, and
// arithmetic operators work on all of them at once. The width follows -march; no code here is
// specific to one machine.
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <cstring>
#include <type_traits>

#include "core/real.h"

namespace excite {

#if defined(__AVX512F__)
inline constexpr long vector_bytes = 64, vector_registers = 32;
#elif defined(__AVX__)
inline constexpr long vector_bytes = 32, vector_registers = 16;
#elif defined(__aarch64__)
inline constexpr long vector_bytes = 16, vector_registers = 32;
#else
inline constexpr long vector_bytes = 16, vector_registers = 16;
#endif
inline constexpr long lanes = vector_bytes / static_cast<long>(sizeof(real));

using Vec = real __attribute__((vector_size(vector_bytes)));

// max(v, floor), lane by lane; a NaN in v stays.
inline Vec at_least(const Vec& v, const Vec& floor) { return v < floor ? floor : v; }

// The gradient of max(y, 0), lane by lane: dy, but 0 where y is at most 0. A NaN in y lets dy pass,
// as in PyTorch.
inline Vec relu_gradient(const Vec& dy, const Vec& y) { return y <= 0 ? Vec{} : dy; }

inline constexpr long cache_line_bytes = 64,
                      vectors_per_cache_line = cache_line_bytes / vector_bytes;

// Rounded up to a multiple of the vector width.
inline constexpr long whole_vectors(long numbers) { return (numbers + lanes - 1) / lanes * lanes; }

// Addresses need no alignment. (memcpy would be equivalent, but g++ 12 splits a vector that comes
// from memory into two halves. The attribute comes before the =, as clang 14 ignores it after.)
using UnalignedVec [[gnu::aligned(sizeof(real))]] = Vec;
inline Vec load(const real* from) { return *reinterpret_cast<const UnalignedVec*>(from); }
inline void store(real* to, const Vec& v) { *reinterpret_cast<UnalignedVec*>(to) = v; }

// A store that writes to memory past the caches, and reads no cache line first. It is for results
// that do not fit into the caches until they are read. `to` is aligned to a whole vector, and the
// vectors of a cache line are stored soon after each other: a line that is written in parts takes
// several accesses to memory. Other threads see the numbers after finish_streams(), which the
// storing thread calls.
inline void stream(real* to, const Vec& v) {
#if defined(__AVX512F__)
  _mm512_stream_si512(reinterpret_cast<__m512i*>(to), reinterpret_cast<__m512i>(v));
#elif defined(__AVX__)
  _mm256_stream_si256(reinterpret_cast<__m256i*>(to), reinterpret_cast<__m256i>(v));
#elif defined(__x86_64__)
  _mm_stream_si128(reinterpret_cast<__m128i*>(to), reinterpret_cast<__m128i>(v));
#else
  store(to, v);
#endif
}
inline void finish_streams() {
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

// The first `count` numbers of a vector; load_some sets the other lanes to 0.
inline Vec load_some(const real* from, long count) {
  Vec v{};
  std::memcpy(&v, from, static_cast<std::size_t>(count) * sizeof(real));
  return v;
}
inline void store_some(real* to, const Vec& v, long count) {
  std::memcpy(to, &v, static_cast<std::size_t>(count) * sizeof(real));
}
inline Vec load(const real* from, long count) {
  return count == lanes ? load(from) : load_some(from, count);
}
inline void store(real* to, const Vec& v, long count) {
  count == lanes ? store(to, v) : store_some(to, v, count);
}

// A count known at compile time, so loops over whole vectors contain no branch for a partial one.
using WholeVector = std::integral_constant<long, lanes>;
inline Vec load(const real* from, WholeVector) { return load(from); }
inline void store(real* to, const Vec& v, WholeVector) { store(to, v); }

// Calls body(c, count) for each vector of a row of numbers. count is WholeVector(), or the
// remainder as a long for a partial last vector.
template <class Body>
[[gnu::always_inline]] inline void for_vectors(long numbers, const Body& body) {
  long c = 0;
  for (; c + lanes <= numbers; c += lanes) body(c, WholeVector());
  if (c < numbers) body(c, numbers - c);
}

}  // namespace excite
