// The sizes to which images are resized and cropped for a model.
#include "tools/commands/ensemble_options.h"

#include <gtest/gtest.h>

#include "models/zoo/registry.h"

namespace excite {
namespace {

ResizeCrop sizes_for(const std::string& name, Preprocessing preprocessing) {
  Rng rng = Rng::silent();
  return resize_crop_of({make_model(name, {}, 10, rng), std::move(preprocessing), ""}, resize);
}

TEST(ResizeCropOf, UsesTheSizesInTheFile) {
  const ResizeCrop resize_crop = sizes_for("small_resnet", {{}, {}, {}, 96, 110});
  EXPECT_EQ(resize_crop.side, 96);
  EXPECT_EQ(resize_crop.short_side, 110);
}

TEST(ResizeCropOf, DefaultsToTheSizesUsualForImageNet) {
  const ResizeCrop resize_crop = sizes_for("small_resnet", {});
  EXPECT_EQ(resize_crop.side, 224);
  EXPECT_EQ(resize_crop.short_side, 256);
}

TEST(ResizeCropOf, UsesWholeImagesForModelsOfSmallImages) {
  const ResizeCrop resize_crop = sizes_for("se_resnet8", {});
  EXPECT_EQ(resize_crop.side, 32);
  EXPECT_EQ(resize_crop.short_side, 32);
}

}  // namespace
}  // namespace excite
