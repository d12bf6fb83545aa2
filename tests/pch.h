// What nearly every test includes, compiled ahead of them all: reading it again in each would take
// longer than the tests' own lines.
#include <gtest/gtest.h>
