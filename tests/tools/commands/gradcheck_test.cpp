#include <gtest/gtest.h>

#include "core/real.h"
#include "core/text.h"
#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

#ifdef EXCITE_DOUBLE

TEST(GradcheckProgram, PrintsOneRowPerCaseOfTheNamedOperations) {
  const Ending ending = excite_program({"gradcheck", "linear", "sqrt"});
  EXPECT_EQ(ending.code, 0) << ending.out;
  const std::vector<std::string> lines = split(ending.out, '\n');
  ASSERT_EQ(lines.size(), 6u) << ending.out;  // a heading, three cases, an empty line, totals
  expect_contains(lines[1], "sqrt ");
  expect_contains(lines[2], "linear ");
  expect_contains(lines[2], " ok ");
  expect_contains(lines[2], "5 to 3");
  expect_contains(
      lines[5], "3 cases, 61 elements, 0 kinks: 0 failed");  // 12, 20 + 15 + 3 and 5 + 5 + 1 inputs
}

TEST(GradcheckProgram, PrintsATableOfDerivativesOfEachCase) {
  const Ending ending = excite_program({"gradcheck", "sqrt", "--table", "3"});
  EXPECT_EQ(ending.code, 0) << ending.out << ending.err;
  const std::vector<std::string> lines = split(ending.out, '\n');
  ASSERT_EQ(lines.size(), 9u) << ending.out;  // as above, with a heading, 3 of 12 rows and the rest
  expect_contains(lines[2], " analytic ");
  for (int i = 3; i < 6; i++) EXPECT_TRUE(lines[i].starts_with("input 0 [4, 3]  element [")) << i;
  expect_contains(lines[6], "and 9 more, with errors of at most ");
  expect_failure(excite_program({"gradcheck", "--table", "-1"}), 2, {"--table", "-1"});
}

TEST(GradcheckProgram, ChecksASmallVariantOfTheNamedModelAndItsOptions) {
  const Ending ending = excite_program({"gradcheck", "resnet110"});
  EXPECT_EQ(ending.code, 0) << ending.out;
  expect_contains(ending.out, "defaults\n");
  expect_contains(ending.out, "shortcut=A\n");
  expect_contains(ending.out, "\n2 cases, ");
}

TEST(LongGradcheck, EveryOperationAndEveryModelPasses) {
  const Ending ending = excite_program({"gradcheck"});
  EXPECT_EQ(ending.code, 0) << ending.out;
  expect_contains(ending.out, ": 0 failed");
}

TEST(GradcheckProgram, SuggestsTheNearestName) {
  expect_failure(excite_program({"gradcheck", "batchnorm"}), 2,
                 {"no operation or model 'batchnorm'", "the nearest is batch_norm"});
}

TEST(GradcheckProgram, NeverSuggestsASmallVariant) {
  for (const char* name : {"smallresnet", "smallvgg", "resnet9", "seresnet8"}) {
    const Ending ending = excite_program({"gradcheck", name});
    EXPECT_EQ(ending.code, 2) << ending.err;
    EXPECT_EQ(ending.err.find("small_"), std::string::npos) << ending.err;
    EXPECT_EQ(ending.err.find("nearest is resnet8"), std::string::npos) << ending.err;
    EXPECT_EQ(ending.err.find("nearest is se_resnet8"), std::string::npos) << ending.err;
  }
}

#else

TEST(GradcheckProgram, RefusesFloatAndNamesTheDoubleProgram) {
  expect_failure(excite_program({"gradcheck"}), 2, {"float", "run excite-double gradcheck"});
}

#endif

}  // namespace
}  // namespace excite
