// Normalization of pixels: (byte / 255 - mean) / deviation, per channel (red, green, blue).
#pragma once
#include <array>
#include <vector>

#include "core/real.h"
#include "tools/data/dataset.h"

namespace excite {

struct Normalization {
  std::array<double, 3> mean{0, 0, 0}, deviation{1, 1, 1};  // of byte / 255, per channel
};

// Mean and unbiased standard deviation per channel, over all pixels of all images in memory. For
// files: over at most 2,000 images, evenly spaced in the set. FileError if there is no image, or if
// a channel is constant.
Normalization compute_normalization(const Dataset& dataset);
// The same; `broken` gets the indices of the files among them that could not be decoded.
Normalization compute_normalization(const Dataset& dataset, std::vector<long>& broken);

// [channel][byte] -> normalized value. Error unless the numbers are finite and deviations above 0.
using NormalizationTable = std::array<std::array<real, 256>, 3>;
NormalizationTable normalization_table(const Normalization& normalization);

}  // namespace excite
