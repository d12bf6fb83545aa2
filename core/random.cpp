#include "core/random.h"

#include <cmath>
#include <numbers>

#include "core/check.h"

namespace excite {

std::uint64_t Rng::hash(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// ~key_, as Rng(1, 2) has the key hash(key of Rng(1) ^ hash(2)).
Rng Rng::fork() const {
  Rng other;
  other.key_ = hash(~key_ ^ hash(count_));
  other.silent_ = silent_;
  return other;
}

// Box and Muller (1958): from two uniform numbers, a point in the plane whose coordinates are
// normally distributed. One coordinate is used. u is in (0, 1], so its logarithm is finite.
double Rng::normal() {
  const double u = 1 - uniform(), v = uniform();
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
}

// The high half of the 128-bit product of a random number and n. Products in the incomplete
// interval are rejected and drawn again, so all results are equally likely (Lemire, "Fast random
// integer generation in an interval", ACM TOMACS 29, 2019).
long Rng::below(long n) {
  require(n > 0, "below(", n, "): expected n of at least 1");
  const auto range = static_cast<std::uint64_t>(n);
  while (true) {
    const auto product = static_cast<unsigned __int128>(bits()) * range;
    if (static_cast<std::uint64_t>(product) >= -range % range)
      return static_cast<long>(product >> 64);
  }
}

}  // namespace excite
