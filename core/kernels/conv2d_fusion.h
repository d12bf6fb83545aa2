// The fused steps of a convolution. A prologue changes the numbers that it reads, an epilogue
// changes or sums the numbers that it writes. Both work on numbers that are in registers anyway, so
// they save passes over memory.
#pragma once
#include <variant>
#include <vector>

#include "core/kernels/fused.h"

namespace excite {

// ---- prologues ----
struct Identity {};
struct NormRelu {  // u -> max(a (u - mean) + b, 0); mean, a and b have shape [C]
  const Tensor &mean, &a, &b;
};
// What happens to each number of x when it is read.
using Prologue = std::variant<Identity, NormRelu>;

// ---- epilogues ----
// y -> max(y + bias[k], floor)
struct BiasClamp {
  std::vector<real> bias;  // [K], followed by one SIMD vector of zeros
  real floor;
  explicit BiasClamp(long k);  // leaves y as it is: no bias, and floor is -infinity
  BiasClamp(const Tensor& bias, real floor);
};

// Adds y to what the output holds already.
struct AddToOutput {};

// Sums per run and channel. A run is a block of pixels of an image, written by one thread; those at
// the right and lower edges may be smaller. Runs follow from the shapes, so the sums do not depend
// on the number of threads. They have so few pixels that sums in real lose no digits.
class RunSums {
 public:
  // Two sums, and the number that is subtracted before summing. Each is one number per channel.
  // AccumulateMoments and AccumulateMasked say which sums they are.
  enum Slot { first, second, origin };
  // images is [N, H, W, C]; a run has the given rows and columns of pixels.
  RunSums(const Shape& images, long rows_per_run, long cols_per_run);
  real* at(long run, Slot slot) { return numbers_.data() + (run * slots + slot) * row_; }
  const real* at(long run, Slot slot) const {
    return numbers_.data() + (run * slots + slot) * row_;
  }
  long runs() const { return down_ * across_; }  // per image, row by row
  long pixels_of(long run) const;                // fewer at the right and lower edges

  const long images, pixels, channels;  // pixels: per image

 private:
  static constexpr long slots = 3;
  const long rows_, cols_, rows_per_run_, cols_per_run_, down_, across_;  // down, across: runs
  const long row_;  // channels, rounded up to whole cache lines
  Buffer numbers_;
};

// Leaves y as it is. origin: the mean of the first few y of the run; first: sum of (y - origin);
// second: sum of (y - origin)^2.
struct AccumulateMoments {
  RunSums& sums;
};
// Leaves y as it is. With d = y, but 0 where a (u - mean) + b <= 0: first: sum of d; second: sum of
// d (u - mean).
struct AccumulateMasked {
  const NormRelu& norm;
  const Tensor& u;
  RunSums& sums;
};
// What happens to each number of y before it is written.
using Epilogue = std::variant<BiasClamp, AddToOutput, AccumulateMoments, AccumulateMasked>;

ImageMoments moments_of(const RunSums& sums);  // from the sums of AccumulateMoments
ImageSums sums_of(const RunSums& sums);        // from the sums of AccumulateMasked

}  // namespace excite
