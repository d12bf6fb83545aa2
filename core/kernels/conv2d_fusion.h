// What a convolution does in passing: to the numbers that it reads, and with those that it writes.
// Both are in registers anyway, so what stands here costs no pass over memory.
#pragma once
#include <variant>
#include <vector>

#include "core/kernels/fused.h"

namespace excite {

// ---- on the way in ----
struct Identity {};
struct NormRelu {  // u -> max(a (u - mean) + b, 0); each is one number a channel, [C]
  const Tensor &mean, &a, &b;
};
using Prologue = std::variant<Identity, NormRelu>;

// ---- on the way out ----
// max(y + bias[k], floor). A convolution alone adds nothing and cuts nothing off.
struct BiasClamp {
  std::vector<real> bias;  // [K], and some zeros more
  real floor;
  explicit BiasClamp(long k);  // y as it is
  BiasClamp(const Tensor& bias, real floor);
};

// Sums for each channel and each run of pixels of an image, gathered by whoever writes that run.
// The last run of an image may be shorter than the others. Runs follow from the shapes, so sums do
// not depend on who wrote which.
class RunSums {
 public:
  enum Which {
    first,
    second,
    origin
  };  // two sums, and where they count from, a number a channel of each: AccumulateMoments and
      // AccumulateMasked say of what
  RunSums(const Shape& images, long pixels_a_run);
  real* at(long run, Which which) { return numbers_.data() + (run * each + which) * row_; }
  const real* at(long run, Which which) const {
    return numbers_.data() + (run * each + which) * row_;
  }
  long runs() const { return (pixels + pixels_a_run - 1) / pixels_a_run; }  // of an image
  long pixels_of(long run) const;

  const long images, pixels, pixels_a_run, channels;

 private:
  static constexpr long each = 3;
  const long row_;  // channels, rounded up to whole cache lines
  Buffer numbers_;
};

struct AccumulateMoments {  // y as it is. origin: the run's first number; first: sum of y - origin;
                            // second: of its square
  RunSums& sums;
};
struct AccumulateMasked {  // y as it is. With d = y where the norm of u is above 0, else 0: first:
                           // sum of d; second: of d (u - mean)
  const NormRelu& norm;
  const Tensor& u;
  RunSums& sums;
};
using Epilogue = std::variant<BiasClamp, AccumulateMoments, AccumulateMasked>;

ImageMoments moments_of(const RunSums& sums);  // what AccumulateMoments has gathered
ImageSums sums_of(const RunSums& sums);        // what AccumulateMasked has

}  // namespace excite
