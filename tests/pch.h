// The precompiled header of the tests. Parsing it anew for each test would take longer than
// compiling the test itself.
#include <gtest/gtest.h>
