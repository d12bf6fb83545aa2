#include "tools/training/config.h"

#include <gtest/gtest.h>

#include "tests/support/scratch.h"

namespace excite {
namespace {

TEST(Config, RemembersWhatBecomesOfAFileThatIsNoImage) {
  const ScratchFolder folder;
  for (const Broken broken : {Broken::skipped, Broken::refused}) {
    write_config(folder / "config.json", config_here(Recipe{}, Start{}, "builtin", broken));
    EXPECT_EQ(read_config(folder / "config.json").broken, broken);
  }
}

}  // namespace
}  // namespace excite
