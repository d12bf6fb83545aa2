// From an image of any size to the square that a network sees.
#pragma once
#include <vector>

#include "core/images/resize.h"
#include "core/random.h"

namespace excite {

struct Window {
  long top, left, height, width;
};

// The short side becomes short_side, and a square of `side` is cut out of what that gives.
struct ResizeCrop {
  long side = 0;        // 0: images are taken as they are
  long short_side = 0;  // at least `side`
  Resize resize = excite::resize;
};

// 256 for 224, as is usual for ImageNet, and in this proportion for others.
long usual_short_side(long side);

// The whole image, its short side as the frame has it. Of one so long that it would grow beyond
// max_image_side or max_pixels only the center, as much as does not.
Image resize_to(const Image& image, const ResizeCrop& resize_crop);

Image resize_and_crop(const Image& image,
                      const ResizeCrop& resize_crop);  // the square in the center

// The window of "random resized crop" (Szegedy et al., arXiv 1409.4842): from 0.08 of the image's
// area to all of it, 3/4 to 4/3 as wide as high, anywhere. An image so long that ten draws do not
// fit gives as much of its center as the proportions allow.
Window random_window(long height, long width, Rng& rng);

// What is looked at in evaluation: the center; it and its mirror image; the four corners, the
// center, and their mirror images (Krizhevsky et al., 2012).
enum class Crops { center, center_and_mirror, ten };
long count(Crops crops);

struct CropWindow {
  long top, left;
  bool mirrored;
};
// Of an image of height x width, windows of window_height x window_width.
std::vector<CropWindow> crop_windows(long height, long width, long window_height, long window_width,
                                     Crops crops);

}  // namespace excite
