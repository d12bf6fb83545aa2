// The precompiled header of the tests. Parsing it anew for each test would take longer than
// compiling the test itself. JSON is not in it: its templates cost time also where nothing uses
// them.
#include <gtest/gtest.h>

#include <fstream>

#include "tools/standard.h"
