// The compiler's vector types: a Vec is as many reals as a register of this machine holds, and + -
// * work on all of them at once. The width follows -march; nothing here is written for one machine.
#pragma once
#include <cstring>
#include <type_traits>

#include "core/real.h"

namespace excite {

#if defined(__AVX512F__)
inline constexpr long vector_bytes = 64, vector_registers = 32;
#elif defined(__AVX__)
inline constexpr long vector_bytes = 32, vector_registers = 16;
#else
inline constexpr long vector_bytes = 16, vector_registers = 16;
#endif
inline constexpr long lanes = vector_bytes / static_cast<long>(sizeof(real));

using Vec = real __attribute__((vector_size(vector_bytes)));

// Number by number; a NaN in v stays.
inline Vec at_least(const Vec& v, const Vec& floor) { return v < floor ? floor : v; }

inline constexpr long whole_vectors(long numbers) {
  return (numbers + lanes - 1) / lanes * lanes;
}  // rounded up

// Addresses need no alignment. (A memcpy would say the same, but g++ 12 makes two halves of it
// where a vector comes from memory; and behind the = clang 14 passes over the attribute.)
using UnalignedVec [[gnu::aligned(sizeof(real))]] = Vec;
inline Vec load(const real* from) { return *reinterpret_cast<const UnalignedVec*>(from); }
inline void store(real* to, const Vec& v) { *reinterpret_cast<UnalignedVec*>(to) = v; }

// The first `count` numbers of a vector; what is missing is 0.
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

// A count that the compiler knows: loops over whole vectors have no other path in them.
using WholeVector = std::integral_constant<long, lanes>;
inline Vec load(const real* from, WholeVector) { return load(from); }
inline void store(real* to, const Vec& v, WholeVector) { store(to, v); }

// Calls body(c, count) for each vector of a row of numbers: with WholeVector(), and with a smaller
// number for the last one if vectors do not divide the row.
template <class Body>
[[gnu::always_inline]] inline void for_vectors(long numbers, const Body& body) {
  long c = 0;
  for (; c + lanes <= numbers; c += lanes) body(c, WholeVector());
  if (c < numbers) body(c, numbers - c);
}

}  // namespace excite
