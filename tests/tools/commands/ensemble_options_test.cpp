// What a model is shown of a picture, where its file does not say.
#include "tools/commands/ensemble_options.h"

#include <gtest/gtest.h>

namespace excite {
namespace {

Frame shown_to(const std::string& name, Purpose purpose) {
  Rng rng = Rng::silent();
  return frame_of({make_model(name, {}, 10, rng), std::move(purpose), ""}, resize);
}

TEST(Voters, AreShownTheSizeThatTheirFileSays) {
  const Frame frame = shown_to("small_resnet", {{}, {}, {}, 96, 110});
  EXPECT_EQ(frame.side, 96);
  EXPECT_EQ(frame.short_side, 110);
}

TEST(Voters, AreShownWhatIsUsualForImageNetWhereTheFileDoesNotSay) {
  const Frame frame = shown_to("small_resnet", {});
  EXPECT_EQ(frame.side, 224);
  EXPECT_EQ(frame.short_side, 256);
}

TEST(Voters, OfSmallPicturesAreShownThemWhole) {
  const Frame frame = shown_to("se_resnet8", {});
  EXPECT_EQ(frame.side, 32);
  EXPECT_EQ(frame.short_side, 32);
}

}  // namespace
}  // namespace excite
