// Resizing and cropping, as Pillow (and so torchvision) does it, because published weights were
// trained on images resized that way. All functions throw an Error for sizes outside the limits of
// image.h, and for windows that are not inside the image.
#pragma once
#include "core/images/image_source.h"

namespace excite {

// Each new pixel is a weighted mean of the old pixels around its center. When an image grows, this
// is interpolation. When it shrinks, the weights become wider by the same factor, so that fine
// patterns do not become coarse false ones (antialiasing).

// Bilinear: weights 1 - |x| for |x| < 1.
Image resize(const ImageSource& source, const Window& window, long height, long width);
Image resize(const Image& image, long height, long width);
// Keys' cubic with a = -1/2 (IEEE Trans. ASSP 29, 1981), for |x| < 2.
Image resize_bicubic(const ImageSource& source, const Window& window, long height, long width);
Image resize_bicubic(const Image& image, long height, long width);

// Resizes a window of an image, without any of the pixels outside: resize or resize_bicubic. A
// source is read line by line, so this takes little memory beyond that of the result.
using ResizeFunction = Image (*)(const ImageSource& source, const Window& window, long height,
                                 long width);

// Resizes so that the short side is `side` pixels. The long side keeps the aspect ratio, rounded
// down to whole pixels.
Image resize_short_side(const ImageSource& source, const Window& window, long side,
                        ResizeFunction function = resize);
Image resize_short_side(const Image& image, long side, ResizeFunction function = resize);

// The window of height x width pixels whose first pixel is (top, left).
Image crop(const Image& image, long top, long left, long height, long width);

long rounded_half(long n);  // n / 2, with .5 rounded to the even neighbor

// The window in the center. Of the pixels that are cut off, rounded_half are above and on the left.
Image center_crop(const Image& image, long height, long width);

}  // namespace excite
