// The precision of inference.
#pragma once

namespace excite {

enum class Precision {
  full,      // that of the library: float, or double
  bfloat16,  // products in bfloat16, sums in float (core/kernels/conv2d_bfloat16.h)
};

}  // namespace excite
