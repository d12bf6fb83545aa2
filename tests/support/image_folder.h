// Images of noise, and folders of images, for tests.
#pragma once
#include <filesystem>

#include "core/random.h"
#include "tools/data/dataset.h"

namespace excite {

inline Image noise_image(long height, long width, long seed) {
  Image image{height, width, {}};
  Rng rng(seed);
  for (long i = 0; i < height * width * 3; i++)
    image.pixels.push_back(static_cast<std::uint8_t>(rng.below(256)));
  return image;
}

inline void put_image(const std::string& path, const Image& image) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  write_png(path, image);
}

// Writes the set as part/CLASS/NNNN.png. Its classes must be sorted by name and alternate, so that
// load_folder returns the images in the same order.
inline void put_as_folder(const Dataset& set, const std::string& part) {
  for (long i = 0; i < set.count(); i++) {
    const auto label = static_cast<std::size_t>(set.labels[static_cast<std::size_t>(i)]);
    put_image(part + "/" + set.classes[label] + "/" + std::to_string(1000 + i) + ".png",
              set.image(i));
  }
}

}  // namespace excite
