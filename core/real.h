// The one number type. The library is built twice: in float to train and infer, in double
// (-DEXCITE_DOUBLE) to check gradients, because the rounding errors of a float gradient check are
// as large as many a real mistake.
#pragma once

#ifdef EXCITE_NO_REAL
#error \
    "this file is compiled once for both precisions (COMMON in the Makefile), so it may not use real"
#endif

namespace excite {

// Float headers together with the double library are a link error, not wrong numbers: whatever is
// compiled with these headers asks the linker for a name that stands in an inline namespace per
// precision, and each library (real.cpp) has the one of its own. `used` and `retain` keep compiler
// and linker (--gc-sections) from dropping the question, which nobody reads.
#ifdef EXCITE_DOUBLE
inline namespace in_double {
using real = double;
extern const char this_precision;
[[gnu::used, gnu::retain]] inline const char* const linked_with = &this_precision;
}  // namespace in_double
#else
inline namespace in_float {
using real = float;
extern const char this_precision;
[[gnu::used, gnu::retain]] inline const char* const linked_with = &this_precision;
}  // namespace in_float
#endif

}  // namespace excite
