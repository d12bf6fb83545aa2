#include "core/kernels/shift.h"

#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

TEST(Shift, MatchesItsFormula) {
  Rng rng(0);
  const long height = 4, width = 5, channels = 3;
  const Tensor x = uniform({2, height, width, channels}, rng, -1);
  for (const Size2 by : {Size2(0), Size2(1), Size2(-1), Size2(2, -3), Size2(-3, 0), Size2(0, 4),
                         Size2(4, 1), Size2(1, -5), Size2(-9, 9)}) {
    Tensor y = zeros(x.shape());
    for (long n = 0; n < 2; n++)
      for (long i = 0; i < height; i++)
        for (long j = 0; j < width; j++)
          for (long c = 0; c < channels; c++) {
            const long from_i = i - by.h, from_j = j - by.w;
            if (from_i >= 0 && from_i < height && from_j >= 0 && from_j < width)
              y[((n * height + i) * width + j) * channels + c] =
                  x[((n * height + from_i) * width + from_j) * channels + c];
          }
    EXPECT_TRUE(same_bits(shift(x, by), y)) << "by " << by;
  }
  EXPECT_TRUE(fails_saying([] { shift(zeros({2, 3}), 1); }, {"shift", "[2, 3]", "[N, H, W, C]"}));
}

}  // namespace
}  // namespace excite
