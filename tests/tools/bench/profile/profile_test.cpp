#include "tools/bench/profile/profile.h"

#include "tests/support/errors.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

TEST(Profile, RejectsShortRunsAndPathsThatCannotBeFiles) {
  const ScratchFolder folder;
  EXPECT_TRUE(
      fails_saying<UsageError>([&] { Profile(folder / "p.json", 7); },
                               {"--profile records steps 4 to 8, but the run has only 7 steps"}));
  EXPECT_TRUE(fails_saying<UsageError>([&] { Profile(folder / "none/p.json", 8); },
                                       {"there is no folder", "none"}));
  EXPECT_TRUE(
      fails_saying<UsageError>([&] { Profile(folder.path(), 8); }, {folder.path(), "is a folder"}));
}

}  // namespace
}  // namespace excite
