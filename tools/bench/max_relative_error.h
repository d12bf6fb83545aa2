// How far two ways to compute the same are from one another.
#pragma once
#include <algorithm>
#include <cmath>

#include "core/tensor.h"

namespace excite {

// The largest difference, over the largest number that is expected.
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
