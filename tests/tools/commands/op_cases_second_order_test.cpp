// The gradient of every operation has symmetric derivatives, on the cases with few inputs.
#include <gtest/gtest.h>

#ifdef EXCITE_DOUBLE

#include <algorithm>
#include <set>

#include "autograd/gradcheck.h"
#include "tools/commands/op_cases.h"

namespace excite {
namespace {

TEST(OpCases, HaveSymmetricSecondDerivatives) {
  constexpr long max_elements = 100;
  long cases = 0;
  std::set<std::string> ops;
  for (const OpCase& c : op_cases()) {
    Rng rng(0);
    const std::vector<Var> inputs = c.inputs(rng);
    long elements = 0;
    for (std::size_t i = 0; i < inputs.size(); i++)
      if (!std::count(c.zero_gradient.begin(), c.zero_gradient.end(), static_cast<int>(i)))
        elements += inputs[i]->value.size();
    if (elements < 2 || elements > max_elements) continue;
    const GradcheckReport report =
        check_second_order(c.f, inputs, {.zero_gradient = c.zero_gradient});
    EXPECT_TRUE(report.ok) << c.op << ", " << c.name << ": " << report;
    cases++;
    ops.insert(c.op);
  }
  EXPECT_GE(cases, 100);
  EXPECT_GE(ops.size(), 30u);
}

}  // namespace
}  // namespace excite
#endif
