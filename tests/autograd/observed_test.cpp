#include <gtest/gtest.h>

#include "autograd/ops.h"

namespace excite {
namespace {

TEST(Observed, SeesEveryOpInTheOrderTheyRunWithItsValue) {
  std::vector<std::string> seen;
  real last = 0;
  {
    const Observed watch([&](const Node& y) {
      seen.push_back(y.op);
      last = y.value[0];
    });
    const Var x = parameter(full({1}, -2));
    mul(relu(x), x);
    scale(x, 3);
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"relu", "mul", "scale"}));
  EXPECT_EQ(last, -6);
}

TEST(Observed, SeesOpsThatAreNotRecorded) {
  int seen = 0;
  const Observed watch([&](const Node&) { seen++; });
  sum(zeros({3}));
  EXPECT_EQ(seen, 1);
}

TEST(Observed, SeesNothingAfterwards) {
  int seen = 0;
  { const Observed watch([&](const Node&) { seen++; }); }
  sum(zeros({3}));
  EXPECT_EQ(seen, 0);
}

}  // namespace
}  // namespace excite
