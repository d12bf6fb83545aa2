// Changes of an image's colors, sharpness and position, byte for byte as Pillow and so torchvision
// make them: training recipes are published with their results. The functions throw an Error for an
// image that has not the bytes of its size.
#pragma once
#include <array>

#include "core/images/image.h"

namespace excite {

// A factor of 1 keeps the image, 0 leaves nothing of the property, 2 doubles it. In between, and
// beyond with clipping: plain + factor (image - plain), rounded towards 0.
Image adjust_brightness(const Image& image, double factor);  // plain: black
Image adjust_contrast(const Image& image, double factor);    // plain: the mean gray
Image adjust_saturation(const Image& image, double factor);  // plain: the image in gray
// plain: each pixel but those on the edge becomes the mean of its 3x3 neighbors, with weight 5 for
// itself and 1 for the others.
Image adjust_sharpness(const Image& image, double factor);

Image posterize(const Image& image, int bits);  // keeps the upper bits of each byte, 0 to 8
// Bytes v from the threshold on become 255 - v.
Image solarize(const Image& image, double threshold);
// Per channel: the smallest byte becomes 0, the largest 255.
Image autocontrast(const Image& image);
// Per channel: all bytes become about equally frequent.
Image equalize(const Image& image);

// Output pixel (row y, column x) is the input pixel nearest to column a x + b y + c and row
// d x + e y + f, for the numbers a to f, where pixels are squares with their center at .5. Black
// beyond the edges.
Image affine(const Image& image, const std::array<double, 6>& inverse);
Image rotate(const Image& image, double degrees);  // counterclockwise about the center
Image shear_x(const Image& image, double slope);   // row y moves by slope y pixels to the left
Image shear_y(const Image& image, double slope);   // column x moves by slope x pixels upwards
Image translate(const Image& image, long right, long down);  // by whole pixels

}  // namespace excite
