// The number type of the library, which is built twice: in float for training and inference, in
// double (-DEXCITE_DOUBLE) for checking gradients. The rounding errors of a gradient check in float
// are as large as many real mistakes.
#pragma once

#ifdef EXCITE_NO_REAL
#error \
    "this file is compiled once for both precisions (COMMON in the Makefile): it may not use real"
#endif

namespace excite {

// Float headers together with the double library are a link error, not wrong numbers. Every file
// compiled with these headers refers to a symbol that only the library of the same precision
// defines (real.cpp). The linker prints its name, which says what to do. The reference is never
// read; `used` and `retain` keep compiler and linker (--gc-sections) from dropping it.
#ifdef EXCITE_DOUBLE
inline namespace in_double {
using real = double;
extern const char link_excite_double_because_EXCITE_DOUBLE_is_defined;
[[gnu::used, gnu::retain]] inline const char* const linked_with =
    &link_excite_double_because_EXCITE_DOUBLE_is_defined;
}  // namespace in_double
#else
inline namespace in_float {
using real = float;
extern const char link_excite_or_compile_with_DEXCITE_DOUBLE;
[[gnu::used, gnu::retain]] inline const char* const linked_with =
    &link_excite_or_compile_with_DEXCITE_DOUBLE;
}  // namespace in_float
#endif

}  // namespace excite
