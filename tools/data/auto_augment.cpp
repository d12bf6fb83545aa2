#include "tools/data/auto_augment.h"

#include <cmath>
#include <utility>

#include "core/images/adjust.h"

namespace excite {

namespace {

struct Range {
  double first = 0, last = 0;
  double at(long bin) const {
    const double part = static_cast<double>(bin) / static_cast<double>(magnitude_bins - 1);
    return static_cast<double>(static_cast<float>(first + (last - first) * part));
  }
};

// The bits that posterize keeps: `most_dropped` fewer than 8 for the largest magnitude.
double bits_of(long bin, double most_dropped) {
  const double bins_per_bit = static_cast<double>(magnitude_bins - 1) / most_dropped;
  return 8 - std::nearbyint(static_cast<double>(bin) / bins_per_bit);
}

ImageOp draw_op(Rng& rng) { return static_cast<ImageOp>(rng.below(image_op_count)); }

ImageChange with_sign(ImageChange change, Rng& rng) {
  if (has_sign(change.op) && rng.below(2) == 1) change.magnitude = -change.magnitude;
  return change;
}

}  // namespace

bool has_sign(ImageOp op) { return op >= ImageOp::shear_x && op <= ImageOp::sharpness; }

Image apply_change(const Image& image, const ImageChange& change) {
  const double m = change.magnitude;
  switch (change.op) {
    case ImageOp::identity: return image;
    case ImageOp::shear_x: return shear_x(image, m);
    case ImageOp::shear_y: return shear_y(image, m);
    case ImageOp::translate_x: return translate(image, static_cast<long>(m), 0);
    case ImageOp::translate_y: return translate(image, 0, static_cast<long>(m));
    case ImageOp::rotate: return rotate(image, m);
    case ImageOp::brightness: return adjust_brightness(image, 1 + m);
    case ImageOp::color: return adjust_saturation(image, 1 + m);
    case ImageOp::contrast: return adjust_contrast(image, 1 + m);
    case ImageOp::sharpness: return adjust_sharpness(image, 1 + m);
    case ImageOp::posterize: return posterize(image, static_cast<int>(m));
    case ImageOp::solarize: return solarize(image, m);
    case ImageOp::auto_contrast: return autocontrast(image);
    case ImageOp::equalize: return equalize(image);
  }
  return image;
}

double rand_augment_magnitude(ImageOp op, long bin, long height, long width) {
  switch (op) {
    case ImageOp::shear_x:
    case ImageOp::shear_y: return Range{0, 0.3}.at(bin);
    case ImageOp::translate_x: return Range{0, 150.0 / 331 * static_cast<double>(width)}.at(bin);
    case ImageOp::translate_y: return Range{0, 150.0 / 331 * static_cast<double>(height)}.at(bin);
    case ImageOp::rotate: return Range{0, 30}.at(bin);
    case ImageOp::brightness:
    case ImageOp::color:
    case ImageOp::contrast:
    case ImageOp::sharpness: return Range{0, 0.9}.at(bin);
    case ImageOp::posterize: return bits_of(bin, 4);
    case ImageOp::solarize: return Range{255, 0}.at(bin);
    default: return 0;
  }
}

double trivial_augment_magnitude(ImageOp op, long bin) {
  switch (op) {
    case ImageOp::translate_x:
    case ImageOp::translate_y: return Range{0, 32}.at(bin);
    case ImageOp::rotate: return Range{0, 135}.at(bin);
    case ImageOp::posterize: return bits_of(bin, 6);
    case ImageOp::solarize: return Range{255, 0}.at(bin);
    default: return has_sign(op) ? Range{0, 0.99}.at(bin) : 0;
  }
}

std::vector<ImageChange> draw_rand_augment(long bin, long height, long width, Rng& rng) {
  std::vector<ImageChange> changes;
  for (int i = 0; i < 2; i++) {
    const ImageOp op = draw_op(rng);
    changes.push_back(with_sign({op, rand_augment_magnitude(op, bin, height, width)}, rng));
  }
  return changes;
}

ImageChange draw_trivial_augment(Rng& rng) {
  const ImageOp op = draw_op(rng);
  return with_sign({op, trivial_augment_magnitude(op, rng.below(magnitude_bins))}, rng);
}

std::vector<ImageChange> draw_color_jitter(double strength, Rng& rng) {
  std::vector<ImageChange> changes;
  for (const ImageOp op : {ImageOp::brightness, ImageOp::contrast, ImageOp::color})
    changes.push_back({op, strength * (2 * rng.uniform() - 1)});
  for (long i = 2; i > 0; i--) std::swap(changes[i], changes[rng.below(i + 1)]);
  return changes;
}

}  // namespace excite
