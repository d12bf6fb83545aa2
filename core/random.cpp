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

// Box and Muller (1958): two uniform numbers make a point in the plane whose coordinates are
// normal; one is used.
double Rng::normal() {
  const double u = 1 - uniform(), v = uniform();
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
}

// The high half of a 64 x 64 bit product; what falls into the incomplete last interval is drawn
// again (Lemire 2019).
long Rng::below(long n) {
  require(n > 0, "below(", n, "): expected at least 1");
  const auto range = static_cast<std::uint64_t>(n);
  while (true) {
    const auto product = static_cast<unsigned __int128>(bits()) * range;
    if (static_cast<std::uint64_t>(product) >= -range % range)
      return static_cast<long>(product >> 64);
  }
}

}  // namespace excite
