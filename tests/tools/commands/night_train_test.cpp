// A whole training run of the command train.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/text.h"
#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

// A linear classifier fails on the built-in images (tests/tools/data/builtin_test.cpp); this
// network learns them in minutes.
TEST(NightTrain, SeResnet20ReachesNinetyFivePercentOnTheBuiltInImages) {
  const ScratchFolder folder;
  EXPECT_EQ(excite_program(split("train --model se_resnet20 --data builtin --epochs 6 --out " +
                                     (folder / "run"),
                                 ' '))
                .code,
            0);
  const Ending evaluated = excite_program(
      {"evaluate", "--json", "--data", "builtin", "--weights", folder / "run/last.safetensors"});
  EXPECT_GE(nlohmann::json::parse(evaluated.out).at("top1").get<double>(), 0.95);
}

}  // namespace
}  // namespace excite
