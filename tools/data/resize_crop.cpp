#include "tools/data/resize_crop.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"

namespace excite {

long usual_short_side(long side) { return std::lround(static_cast<double>(side) * 256 / 224); }

Image resize_to(const Image& image, const ResizeCrop& f) {
  if (f.side == 0) return image;
  const long shorter = std::min(
      image.height,
      image.width);  // will be f.short_side; the other one may become as long as an image may be
  const long longest = shorter * std::min(max_image_side, max_pixels / f.short_side) / f.short_side;
  const long height = std::min(image.height, longest), width = std::min(image.width, longest);
  return resize_short_side(center_crop(image, height, width), f.short_side, f.resize);
}

Image resize_and_crop(const Image& image, const ResizeCrop& resize_crop) {
  if (resize_crop.side == 0) return image;
  return center_crop(resize_to(image, resize_crop), resize_crop.side, resize_crop.side);
}

Window random_window(long height, long width, Rng& rng) {
  constexpr double least_area = 0.08, narrowest = 3.0 / 4, widest = 4.0 / 3;
  const double h = static_cast<double>(height), w = static_cast<double>(width);
  for (int draw = 0; draw < 10; draw++) {
    const double area = h * w * (least_area + (1 - least_area) * rng.uniform());
    const double ratio =
        std::exp(std::log(narrowest) + (std::log(widest) - std::log(narrowest)) * rng.uniform());
    const long rows = std::lround(std::sqrt(area / ratio)),
               columns = std::lround(std::sqrt(area * ratio));
    if (rows < 1 || columns < 1 || rows > height || columns > width) continue;
    return {rng.below(height - rows + 1), rng.below(width - columns + 1), rows, columns};
  }
  const long rows = std::clamp(std::lround(w / narrowest), 1l, height),
             columns = std::clamp(std::lround(h * widest), 1l, width);
  return {(height - rows) / 2, (width - columns) / 2, rows, columns};
}

long count(Crops crops) {
  return crops == Crops::center ? 1 : crops == Crops::center_and_mirror ? 2 : 10;
}

std::vector<CropWindow> crop_windows(long height, long width, long window_height, long window_width,
                                     Crops crops) {
  const long bottom = height - window_height, right = width - window_width;
  require(bottom >= 0 && right >= 0, "views of ", window_height, " x ", window_width,
          " of an image of ", height, " x ", width, ", expected one that is not smaller");
  std::vector<CropWindow> all{{half_of(bottom), half_of(right), false}};
  if (crops == Crops::ten)
    for (const long top : {0l, bottom})
      for (const long left : {0l, right}) all.push_back({top, left, false});
  if (crops == Crops::center) return all;
  const std::vector<CropWindow> upright = all;
  for (const CropWindow& v : upright) all.push_back({v.top, v.left, true});
  return all;
}

}  // namespace excite
