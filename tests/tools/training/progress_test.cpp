#include "tools/training/progress.h"

#include <gtest/gtest.h>

namespace excite {
namespace {

TEST(Progress, FormatsSecondsAsAClock) {
  EXPECT_EQ(clock(0.4), "0:00");
  EXPECT_EQ(clock(252), "4:12");
  EXPECT_EQ(clock(3723.2), "1:02:03");
}

}  // namespace
}  // namespace excite
