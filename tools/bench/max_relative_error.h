// Compares two computations of the same tensor.
#pragma once
#include <algorithm>
#include <cmath>

#include "core/tensor.h"

namespace excite {

// max |actual - expected| / max |expected|, for tensors of the same size.
inline double max_relative_error(const Tensor& actual, const Tensor& expected) {
  double largest = 0, worst = 0;
  for (long i = 0; i < expected.size(); i++) {
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
    worst = std::max(worst,
                     std::abs(static_cast<double>(actual[i]) - static_cast<double>(expected[i])));
  }
  return worst / largest;
}

}  // namespace excite
