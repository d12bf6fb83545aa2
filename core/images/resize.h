// Images of other sizes: cut out, and resized as Pillow, and so torchvision, does it: weights were
// trained on images made so.
#pragma once
#include "core/images/image.h"

namespace excite {

// Each new pixel is a weighted mean of the old ones around its center. Growing, the weights are
// those of interpolation; shrinking, they are as much wider as the image gets smaller, so that fine
// patterns do not turn into coarse false ones (antialiasing).
Image resize(const Image& image, long height, long width);  // bilinear: weights 1 - |x| for |x| < 1
Image resize_bicubic(const Image& image, long height,
                     long width);  // Keys' cubic with a = -1/2 (IEEE Trans. ASSP 29, 1981), |x| < 2

using Resize = Image (*)(const Image& image, long height, long width);

// The short side becomes `side`, and the long one keeps the image's form, rounded down to whole
// pixels.
Image resize_short_side(const Image& image, long side, Resize resize_to = resize);

Image crop(const Image& image, long top, long left, long height,
           long width);   // the window has to lie inside
long half_of(long rest);  // half, rounded; 0.5 to even
Image center_crop(const Image& image, long height,
                  long width);  // half_of what is left over lies above and on the left

}  // namespace excite
