#include "core/real.h"

namespace excite {

#ifdef EXCITE_DOUBLE
const char in_double::this_precision = sizeof(real);
#else
const char in_float::this_precision = sizeof(real);
#endif

// Both libraries define this, so a program that needs both does not link.
void one_precision_in_a_program() {}

}  // namespace excite
