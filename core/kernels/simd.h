// The compiler's vector types: a Vec is as many reals as a register of this machine holds, and + - * work on all of them at once.
// The width follows -march; nothing here is written for one machine.
#pragma once
#include <cstring>

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

inline constexpr long whole_vectors(long numbers) { return (numbers + lanes - 1) / lanes * lanes; }  // rounded up

// Addresses need no alignment.
inline Vec load(const real* from) {
  Vec v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
inline void store(real* to, const Vec& v) { std::memcpy(to, &v, sizeof v); }

// The last numbers of a row that vectors do not divide; what is missing is 0.
inline Vec load_some(const real* from, long count) {
  Vec v{};
  std::memcpy(&v, from, static_cast<std::size_t>(count) * sizeof(real));
  return v;
}
inline void store_some(real* to, const Vec& v, long count) { std::memcpy(to, &v, static_cast<std::size_t>(count) * sizeof(real)); }

}  // namespace excite
