// From bytes to what a network sees: pictures chosen, augmented and normalised. A picture's augmentation follows from (seed, epoch, picture)
// alone, so a batch is the same on any number of threads and after any interruption.
#pragma once
#include <array>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "tools/data/dataset.h"

namespace excite {

// (pixel / 255 - mean) / deviation, for red, green, blue.
struct Normalisation {
  std::array<double, 3> mean{}, deviation{};
};
Normalisation measure(const Dataset& dataset);  // over all pixels; the deviation is the unbiased one

struct Augmentation {
  bool crop = false;    // four pixels of black on every side, then a random 32x32 of it (He et al., arXiv 1512.03385)
  bool flip = false;    // left and right exchanged, for a picture in two
  bool cutout = false;  // a random 8x8 square becomes the mean (DeVries, Taylor, arXiv 1708.04552)
};
Augmentation parse_augmentation(const std::string& text);  // "none", or some of "crop,flip,cutout"; else a UsageError

std::vector<long> epoch_order(long count, long seed, long epoch);  // 0, ..., count - 1, shuffled

struct Batch {
  Tensor x;                 // [N, H, W, 3], normalised
  std::vector<int> labels;  // [N]
};
Batch make_batch(const Dataset& dataset, const std::vector<long>& pictures, const Normalisation& normalisation, const Augmentation& augmentation, long seed,
                 long epoch);

}  // namespace excite
