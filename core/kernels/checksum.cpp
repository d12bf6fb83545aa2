#include "core/kernels/checksum.h"

#include <array>
#include <cstring>

namespace excite {

namespace {

// Odd, so that no power of them is 0 modulo 2^64; and two, so that all words have other factors.
constexpr std::uint64_t factor = 0x9e3779b97f4a7c15, joining_factor = 0xd1342543de82ef95;

std::uint64_t word_at(const char* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

}  // namespace

// Horner's rule, h = factor h + word, for words of eight bytes. Eight sums, each of every eighth
// word, keep the multiplier of a core busy; the rule then joins them, with another factor.
std::uint64_t checksum(const Tensor& x) {
  constexpr long lanes = 8, word = 8;
  const char* bytes = reinterpret_cast<const char*>(x.data());
  const long count = x.size() * static_cast<long>(sizeof(real));
  std::array<std::uint64_t, lanes> sums{};
  long at = 0;
  for (; at + lanes * word <= count; at += lanes * word)
    for (long i = 0; i < lanes; i++) sums[i] = factor * sums[i] + word_at(bytes + at + word * i);
  std::uint64_t sum = 0;
  for (const std::uint64_t s : sums) sum = joining_factor * sum + s;
  for (; at < count; at++) sum = joining_factor * sum + static_cast<unsigned char>(bytes[at]);
  return sum;
}

}  // namespace excite
