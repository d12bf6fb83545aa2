// From bytes to numbers around 0: (pixel / 255 - mean) / deviation, for red, green, blue.
#pragma once
#include <array>

#include "core/real.h"
#include "tools/data/dataset.h"

namespace excite {

struct Normalisation {
  std::array<double, 3> mean{}, deviation{};
};

// Over all pixels of all pictures in memory, and of files over those of at most 2,000, at equal distances in the order of the set. The deviation
// is the unbiased one.
Normalisation measure(const Dataset& dataset);

using NormalisationTable = std::array<std::array<real, 256>, 3>;  // [channel][byte] -> normalised value
NormalisationTable table_of(const Normalisation& normalisation);

}  // namespace excite
