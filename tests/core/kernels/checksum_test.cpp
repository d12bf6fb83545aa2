#include "core/kernels/checksum.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <utility>

#include "core/random.h"

namespace excite {
namespace {

// Sizes around the 16 floats or 8 doubles that are read at once.
TEST(Checksum, ChangesWithEveryBitOfEveryElement) {
  for (const long size : {1l, 2l, 7l, 8l, 9l, 16l, 17l, 37l}) {
    Rng rng(size);
    Tensor x = normal({size}, rng);
    const std::uint64_t before = checksum(x);
    EXPECT_EQ(checksum(x.clone()), before);
    for (long i = 0; i < size; i++)
      for (std::size_t bit = 0; bit < 8 * sizeof(real); bit++) {
        const real old = x[i];
        auto* byte = reinterpret_cast<unsigned char*>(x.data() + i) + bit / 8;
        *byte = static_cast<unsigned char>(*byte ^ (1u << bit % 8));
        EXPECT_NE(checksum(x), before) << "bit " << bit << " of element " << i << " of " << size;
        x[i] = old;
      }
    EXPECT_EQ(checksum(x), before);
  }
}

TEST(Checksum, ChangesIfTwoElementsChangePlaces) {
  constexpr long size = 40;
  Rng rng(0);
  Tensor x = normal({size}, rng);
  std::set<std::uint64_t> seen{checksum(x)};
  for (long i = 0; i < size; i++)
    for (long j = 0; j < i; j++) {
      std::swap(x[i], x[j]);
      EXPECT_TRUE(seen.insert(checksum(x)).second) << i << " and " << j;
      std::swap(x[i], x[j]);
    }
}

TEST(Checksum, OfZerosDependsOnNothing) {
  EXPECT_EQ(checksum(zeros({3, 5})), checksum(zeros({64})));
  EXPECT_EQ(checksum(Tensor()), 0u);
}

}  // namespace
}  // namespace excite
