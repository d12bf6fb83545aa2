// Microkernels that compute the same numbers in other ways give the same bits.
#include "core/kernels/microkernel.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/kernels/elementwise.h"
#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

// [rows, small_channels] by the microkernel that takes a tile of rows at a time.
Tensor product_by_tiles(const Tensor& x, const Tensor& w) {
  Tensor y({x.dim(0), lanes});
  for_tile_rows(x.dim(0), tile_rows(lanes), [&](long first, long rows) {
    microkernel(x.data() + first * small_channels, small_channels, rows, small_channels, w.data(),
                lanes, y.data() + first * lanes, lanes);
  });
  return y;
}

TEST(SmallMicrokernel, HasTheBitsOfTiles) {
  Rng rng(1);
  const Tensor w = normal({small_channels, lanes}, rng);
  for (long rows = 1; rows <= 40; rows++) {
    const Tensor x = normal({rows, small_channels}, rng);
    Tensor y({rows, lanes});
    small_microkernel(x.data(), rows, w.data(), y.data());
    EXPECT_TRUE(same_bits(y, product_by_tiles(x, w))) << rows << " rows";
  }
}

// Winograd's products replace their tiles.
TEST(SmallMicrokernel, CanReplaceItsRows) {
  Rng rng(2);
  const Tensor w = normal({small_channels, lanes}, rng), x = normal({21, small_channels}, rng);
  Tensor y = x.clone();
  small_microkernel(y.data(), 21, w.data(), y.data());
  EXPECT_TRUE(same_bits(y, product_by_tiles(x, w)));
}

TEST(SmallMicrokernel, IsForOneVectorOfChannelsWhereThereAreManyRegisters) {
  EXPECT_EQ(weight_is_small(small_channels, lanes), vector_registers == 32);
  EXPECT_EQ(weight_is_small(small_channels, 1), vector_registers == 32);
  EXPECT_FALSE(weight_is_small(small_channels, lanes + 1));
  EXPECT_FALSE(weight_is_small(small_channels - 1, lanes));
  EXPECT_FALSE(weight_is_small(small_channels + 1, lanes));
}

}  // namespace
}  // namespace excite
