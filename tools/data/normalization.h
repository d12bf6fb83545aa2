// From bytes to numbers around 0: (pixel / 255 - mean) / deviation, for red, green, blue.
#pragma once
#include <array>

#include "core/real.h"
#include "tools/data/dataset.h"

namespace excite {

struct Normalization {
  std::array<double, 3> mean{}, deviation{};
};

// Over all pixels of all images in memory, and of files over those of at most 2,000, at equal
// distances in the order of the set. The deviation is the unbiased one.
Normalization measure(const Dataset& dataset);

using NormalizationTable =
    std::array<std::array<real, 256>, 3>;  // [channel][byte] -> normalized value
NormalizationTable table_of(const Normalization& normalization);

}  // namespace excite
