// A small set of noisy images with a different pattern for each class, so that a network can learn
// it.
#pragma once
#include "core/random.h"
#include "tools/data/batch.h"

namespace excite {

inline Dataset noisy_images(long count, long classes = 10, long seed = 0) {
  Dataset set;
  set.source = "a test";
  for (long k = 0; k < classes; k++) set.classes.push_back("class " + std::to_string(k));
  Rng rng(seed);
  for (long i = 0; i < count; i++) {
    const long label = i % classes;
    set.labels.push_back(static_cast<int>(label));
    for (long at = 0; at < set.image_bytes(); at++)
      set.pixels.push_back(
          static_cast<std::uint8_t>(rng.below(120) + 13 * ((at / 3 * (label + 1)) % 10)));
  }
  return set;
}

}  // namespace excite
