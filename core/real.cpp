#include "core/real.h"

namespace excite {

#ifdef EXCITE_DOUBLE
const char in_double::link_excite_double_because_EXCITE_DOUBLE_is_defined = sizeof(real);
#else
const char in_float::link_excite_or_compile_with_DEXCITE_DOUBLE = sizeof(real);
#endif

// Both libraries define this, so a program that needs both does not link.
void one_precision_in_a_program() {}

}  // namespace excite
