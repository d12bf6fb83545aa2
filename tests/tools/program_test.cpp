#include <gtest/gtest.h>

#include "core/real.h"
#include "tests/tools/outcome.h"

namespace excite {
namespace {

TEST(Summary, CountsMultiplyAdds) {
  for (const auto& [model, macs] : {std::pair{"resnet20", "40813184"}, {"se_resnet20", "40815200"}, {"resnet110", "253149824"}}) {
    const Outcome o = run_program(std::string("summary --json --model ") + model);
    EXPECT_EQ(o.code, 0) << o.text;
    EXPECT_NE(o.text.find(macs), std::string::npos) << o.text.substr(0, 400);
  }
}

TEST(Program, SaysTheNearestOfAMisspeltWord) {
  const Outcome model = run_program("summary --model se_resnet21");
  EXPECT_EQ(model.code, 2);
  EXPECT_NE(model.text.find("se_resnet20"), std::string::npos) << model.text;
  const Outcome option = run_program("train --epoch 3");
  EXPECT_EQ(option.code, 2);
  EXPECT_NE(option.text.find("--epochs"), std::string::npos) << option.text;
}

TEST(Gradcheck, EveryOpAndASmallInstanceOfEveryModelPassInDouble) {
  const Outcome o = run_program("gradcheck");
  if (sizeof(real) == sizeof(float)) {
    EXPECT_NE(o.code, 0);
    EXPECT_NE(o.text.find("double"), std::string::npos) << o.text;
  } else {
    EXPECT_EQ(o.code, 0) << o.text;
  }
}

}  // namespace
}  // namespace excite
