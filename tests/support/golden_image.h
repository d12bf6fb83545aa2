// The images of tests/golden/images.py.
#pragma once
#include "core/images/image.h"

namespace excite {

// Noise in the upper half, a gradient of brightness in the lower half.
inline Image golden_image(long height, long width) {
  Image image{height, width, {}};
  for (long i = 0; i < height * width * 3; i++) {
    const long row = i / 3 / width, column = i / 3 % width;
    const std::uint32_t hash = static_cast<std::uint32_t>(i) * 2654435761u;
    image.pixels.push_back(
        static_cast<std::uint8_t>(row * 2 < height ? hash >> 24 : (column * 5 + row * 3) % 256));
  }
  return image;
}

}  // namespace excite
