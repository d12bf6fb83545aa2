#include <gtest/gtest.h>

#include "autograd/fused/fused_ops.h"

namespace excite {
namespace {

TEST(Observed, SeesEveryOpInTheOrderTheyRunWithItsValue) {
  std::vector<std::string> seen;
  real last = 0;
  {
    const Observed watch([&](const Node& y, const std::vector<Var>&) {
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
  const Observed watch([&](const Node&, const std::vector<Var>&) { seen++; });
  sum(zeros({3}));
  EXPECT_EQ(seen, 1);
}

TEST(Observed, SeesNothingAfterwards) {
  int seen = 0;
  { const Observed watch([&](const Node&, const std::vector<Var>&) { seen++; }); }
  sum(zeros({3}));
  EXPECT_EQ(seen, 0);
}

TEST(Observed, SeesWhatAnOpWasComputedFromRecordedOrNot) {
  std::vector<Shape> shapes;
  const Observed watch([&](const Node&, const std::vector<Var>& inputs) {
    for (const Var& x : inputs) shapes.push_back(x.shape());
  });
  matmul(zeros({2, 3}), zeros({3, 4}));
  matmul(parameter(zeros({2, 5})), zeros({5, 4}));
  EXPECT_EQ(shapes, (std::vector<Shape>{{2, 3}, {3, 4}, {2, 5}, {5, 4}}));
}

TEST(Observed, TakesThePlaceOfAnotherAndGivesItBack) {
  int outer = 0, inner = 0;
  const Observed watch([&](const Node&, const std::vector<Var>&) { outer++; });
  {
    const Observed instead([&](const Node&, const std::vector<Var>&) { inner++; });
    sum(zeros({3}));
    const Observed nobody(nullptr);
    sum(zeros({3}));
  }
  sum(zeros({3}));
  EXPECT_EQ(inner, 1);
  EXPECT_EQ(outer, 1);
}

// The gate is inside: its operations are block_tail's.
TEST(Observed, SeesAnOpThatDoesTheWorkOfSeveralAsOne) {
  std::string seen;
  const Observed watch([&](const Node& y, const std::vector<Var>&) { seen += std::string(y.op) + " "; });
  const Var u = zeros({2, 2, 2, 3}), c = full({3}, 1);
  block_tail(u, c, c, zeros({3}), full({3}, 1), [](const Var& q) { return sigmoid(q); }, u);
  EXPECT_EQ(seen, "block_tail ");
}

}  // namespace
}  // namespace excite
