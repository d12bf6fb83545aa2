#include "tools/data/resize_crop.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"

namespace excite {

long default_short_side(long side) { return std::lround(static_cast<double>(side) * 256 / 224); }

// Resized images wait for the others of their batch, so they may not be as large as files.
constexpr long max_resized_side = 16384, max_resized_pixels = 64l << 20;

Image resize_for_crop(const ImageSource& image, const ResizeCrop& resize_crop) {
  const auto& [side, short_side, resize] = resize_crop;
  if (side == 0) return crop(image, image.whole());
  // The short side becomes short_side. The long side may grow up to a limit.
  const long shorter = std::min(image.height(), image.width());
  const long longest_resized =
      std::max(short_side, std::min(max_resized_side, max_resized_pixels / short_side));
  const long longest = shorter * longest_resized / short_side;
  const long height = std::min(image.height(), longest), width = std::min(image.width(), longest);
  const Window center{rounded_half(image.height() - height), rounded_half(image.width() - width),
                      height, width};
  return resize_short_side(image, center, short_side, resize);
}
Image resize_for_crop(const Image& image, const ResizeCrop& resize_crop) {
  return resize_for_crop(ImageSource(image), resize_crop);
}

Image resize_and_crop(const ImageSource& image, const ResizeCrop& resize_crop) {
  if (resize_crop.side == 0) return crop(image, image.whole());
  return center_crop(resize_for_crop(image, resize_crop), resize_crop.side, resize_crop.side);
}
Image resize_and_crop(const Image& image, const ResizeCrop& resize_crop) {
  return resize_and_crop(ImageSource(image), resize_crop);
}

Window random_resized_crop(long height, long width, Rng& rng) {
  constexpr double min_area = 0.08, min_ratio = 3.0 / 4, max_ratio = 4.0 / 3;
  const double h = static_cast<double>(height), w = static_cast<double>(width);
  for (int draw = 0; draw < 10; draw++) {
    const double area = h * w * (min_area + (1 - min_area) * rng.uniform());
    const double ratio =
        std::exp(std::log(min_ratio) + (std::log(max_ratio) - std::log(min_ratio)) * rng.uniform());
    const long rows = std::lround(std::sqrt(area / ratio)),
               columns = std::lround(std::sqrt(area * ratio));
    if (rows < 1 || columns < 1 || rows > height || columns > width) continue;
    return {rng.below(height - rows + 1), rng.below(width - columns + 1), rows, columns};
  }
  const long rows = std::clamp(std::lround(w / min_ratio), 1l, height),
             columns = std::clamp(std::lround(h * max_ratio), 1l, width);
  return {(height - rows) / 2, (width - columns) / 2, rows, columns};
}

long crop_count(Crops crops) {
  return crops == Crops::center ? 1 : crops == Crops::center_and_flip ? 2 : 10;
}

std::vector<CropWindow> make_crop_windows(long height, long width, long crop_height,
                                          long crop_width, Crops crops) {
  const long bottom = height - crop_height, right = width - crop_width;
  require(bottom >= 0 && right >= 0, "crops of ", crop_height, " x ", crop_width,
          " of an image of ", height, " x ", width,
          " pixels, expected an image that is not smaller");
  std::vector<CropWindow> all{{rounded_half(bottom), rounded_half(right), false}};
  if (crops == Crops::ten)
    for (const long top : {0l, bottom})
      for (const long left : {0l, right}) all.push_back({top, left, false});
  if (crops == Crops::center) return all;
  const std::vector<CropWindow> unflipped = all;
  for (const CropWindow& window : unflipped) all.push_back({window.top, window.left, true});
  return all;
}

}  // namespace excite
