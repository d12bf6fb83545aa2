// What a model is shown of an image, where its file does not say.
#include "tools/commands/ensemble_options.h"

#include <gtest/gtest.h>

namespace excite {
namespace {

ResizeCrop shown_to(const std::string& name, Preprocessing preprocessing) {
  Rng rng = Rng::silent();
  return resize_crop_of({make_model(name, {}, 10, rng), std::move(preprocessing), ""}, resize);
}

TEST(LoadedEnsemble, AreShownTheSizeThatTheirFileSays) {
  const ResizeCrop resize_crop = shown_to("small_resnet", {{}, {}, {}, 96, 110});
  EXPECT_EQ(resize_crop.side, 96);
  EXPECT_EQ(resize_crop.short_side, 110);
}

TEST(LoadedEnsemble, AreShownWhatIsUsualForImageNetWhereTheFileDoesNotSay) {
  const ResizeCrop resize_crop = shown_to("small_resnet", {});
  EXPECT_EQ(resize_crop.side, 224);
  EXPECT_EQ(resize_crop.short_side, 256);
}

TEST(LoadedEnsemble, OfSmallImagesAreShownThemWhole) {
  const ResizeCrop resize_crop = shown_to("se_resnet8", {});
  EXPECT_EQ(resize_crop.side, 32);
  EXPECT_EQ(resize_crop.short_side, 32);
}

}  // namespace
}  // namespace excite
