// From an image of any size to the square of pixels that a network takes.
#pragma once
#include <vector>

#include "core/images/resize.h"
#include "core/random.h"

namespace excite {

// Resize the short side to `short_side`, then crop the center square of `side` pixels.
struct ResizeCrop {
  long side = 0;        // 0: keep the image as it is
  long short_side = 0;  // at least `side`
  ResizeFunction resize = excite::resize;
  bool operator==(const ResizeCrop&) const = default;
};

// 256 for side 224, as is usual for ImageNet, and in the same proportion for other sides.
long default_short_side(long side);

// The whole image with its short side resized to resize_crop.short_side. If the long side would
// then exceed 16,384 pixels, only as much of its center as fits. The same again changes nothing.
Image resize_for_crop(const ImageSource& image, const ResizeCrop& resize_crop);
Image resize_for_crop(const Image& image, const ResizeCrop& resize_crop);

// The same, and then the center square.
Image resize_and_crop(const ImageSource& image, const ResizeCrop& resize_crop);
Image resize_and_crop(const Image& image, const ResizeCrop& resize_crop);

// The window of a random resized crop (Szegedy et al., arXiv 1409.4842): 8 % to 100 % of the
// image's area, aspect ratio (width / height) 3/4 to 4/3, at a random position. If ten draws do not
// fit into the image, the window is the largest part of its center within these aspect ratios.
Window random_resized_crop(long height, long width, Rng& rng);

// The crops of an image that evaluation averages over: the center; the center and its mirror image;
// or the ten-crop, that is the center, the four corners, and their mirror images (Krizhevsky et
// al., 2012).
enum class Crops { center, center_and_flip, ten };
long crop_count(Crops crops);

struct CropWindow {
  long top, left;
  bool flipped;
};

// The windows of crop_height x crop_width in an image of height x width. Error if the image is
// smaller.
std::vector<CropWindow> make_crop_windows(long height, long width, long crop_height,
                                          long crop_width, Crops crops);

}  // namespace excite
