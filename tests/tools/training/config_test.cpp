#include "tools/training/config.h"

#include <gtest/gtest.h>

#include "tests/support/scratch.h"

namespace excite {
namespace {

TEST(Config, StoresWhatToDoWithABadImage) {
  const ScratchFolder folder;
  for (const OnBadImage on_bad_image : {OnBadImage::skip, OnBadImage::fail}) {
    write_config(folder / "config.json",
                 make_config(Recipe{}, InitialWeights{}, "builtin", on_bad_image));
    EXPECT_EQ(read_config(folder / "config.json").on_bad_image, on_bad_image);
  }
}

}  // namespace
}  // namespace excite
