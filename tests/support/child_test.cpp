#include "tests/support/child.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace excite {
namespace {

// A child that is a program of tests has to run all of them.
TEST(Child, IsNotToldWhichPartOfTheTestsRunsHere) {
  const char* const name = "GTEST_TOTAL_SHARDS";
  const char* const before = std::getenv(name);
  const std::string kept = before ? before : "";
  setenv(name, "1", 1);
  EXPECT_EQ(shell("env | grep -c '^GTEST_[ST]' || true").out, "0\n");
  if (before)
    setenv(name, kept.c_str(), 1);
  else
    unsetenv(name);
}

}  // namespace
}  // namespace excite
