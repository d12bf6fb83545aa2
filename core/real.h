// The one number type. The library is built twice: in float to train and infer, in double (-DEXCITE_DOUBLE) to check
// gradients, because the rounding errors of a float gradient check are as large as many a real mistake.
#pragma once

namespace excite {

// Tensor and Node, which nearly every function takes, are declared inside an inline namespace per precision and so carry it
// in their linker names: float headers together with the double library are a link error, not wrong numbers.
#ifdef EXCITE_DOUBLE
inline namespace in_double { class Tensor; struct Node; }
namespace precision = in_double;
using real = double;
#else
inline namespace in_float { class Tensor; struct Node; }
namespace precision = in_float;
using real = float;
#endif

}  // namespace excite
