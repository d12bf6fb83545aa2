#include "tools/commands/progress_bar.h"

#include "tests/support/errors.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

const Progress halfway{.epoch = 3,
                       .epochs = 16,
                       .step = 195,
                       .steps = 390,
                       .loss = 1.2344,
                       .accuracy = 0.5612,
                       .images_per_second = 812.3,
                       .seconds_left = 252};

TEST(ProgressBar, ShowsAllPartsIfTheyFit) {
  EXPECT_EQ(progress_bar(halfway, 200),
            "epoch 3/16 [==============              ] 195/390  loss 1.234  4:12 left  accuracy "
            "56.1 %  812 images/s");
}

TEST(ProgressBar, IsNeverLongerThanTheLine) {
  for (std::size_t width = 1; width < 150; width++)
    EXPECT_LE(progress_bar(halfway, width).size(), width) << width;
  EXPECT_NE(progress_bar(halfway, 60).find("loss 1.234"), std::string::npos);
  EXPECT_NE(progress_bar(halfway, 79).find("left"), std::string::npos);
}

TEST(ProgressBar, DrawsNoBarIfTheOutputIsNoTerminal) {
  const ScratchFolder folder;
  std::FILE* file = std::fopen((folder / "out").c_str(), "w");
  ProgressBar bar(file);
  bar.show(halfway);
  bar.line("epoch 3 is finished");
  std::fclose(file);
  EXPECT_EQ(get(folder / "out"), "epoch 3 is finished\n");
}

}  // namespace
}  // namespace excite
