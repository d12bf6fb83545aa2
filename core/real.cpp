#include "core/real.h"

namespace excite {

const char precision::library = sizeof(real);

// Both libraries define this, so a program that needs the one and the other does not link either.
void one_precision_in_a_program() {}

}  // namespace excite
