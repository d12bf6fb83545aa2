// Augmentations that choose among changes of an image: RandAugment (Cubuk et al., arXiv
// 1909.13719), TrivialAugment (Mueller and Hutter, arXiv 2103.10158) and color jitter. The changes
// and their ranges are those of torchvision 0.14, with nearest neighbors and black beyond edges.
#pragma once
#include <string>
#include <vector>

#include "core/images/image.h"
#include "core/random.h"

namespace excite {

// In torchvision's order.
enum class ImageOp {
  identity,
  shear_x,
  shear_y,
  translate_x,
  translate_y,
  rotate,
  brightness,
  color,
  contrast,
  sharpness,
  posterize,
  solarize,
  auto_contrast,
  equalize
};
constexpr long image_op_count = 14;
constexpr long magnitude_bins = 31;  // magnitudes are numbered from 0 to 30

struct ImageChange {
  ImageOp op = ImageOp::identity;
  double magnitude = 0;  // slope, pixels, degrees, change of the factor, bits, or threshold
};
// The image after this change.
Image apply_change(const Image& image, const ImageChange& change);

// The magnitude with this number, without its sign. That of RandAugment depends on the size of the
// image for translations. Those that have a sign get a random one.
double rand_augment_magnitude(ImageOp op, long bin, long height, long width);
double trivial_augment_magnitude(ImageOp op, long bin);
bool has_sign(ImageOp op);

// Two changes of the magnitude with this number.
std::vector<ImageChange> draw_rand_augment(long bin, long height, long width, Rng& rng);
// One change of any magnitude.
ImageChange draw_trivial_augment(Rng& rng);
// Brightness, contrast and saturation in random order, by factors from 1 - strength to 1 +
// strength.
std::vector<ImageChange> draw_color_jitter(double strength, Rng& rng);

}  // namespace excite
