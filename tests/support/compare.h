// Comparisons of tensors, for tests.
#pragma once
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "core/check.h"
#include "core/tensor.h"
#include "tests/support/errors.h"

namespace excite {

constexpr bool in_double_build = sizeof(real) == 8;

// True if the shapes are equal and no element differs from the expected one by more than
// `tolerance` times the largest expected element (in absolute value). Otherwise the message names
// the element that differs most. NaN and infinity are close only to themselves.
inline testing::AssertionResult close(const Tensor& actual, const Tensor& expected,
                                      double tolerance) {
  if (actual.shape() != expected.shape())
    return testing::AssertionFailure()
           << "shape is " << actual.shape() << ", expected " << expected.shape();
  double largest = 0, worst = -1;
  long worst_index = 0;
  for (long i = 0; i < actual.size(); i++) {
    const double a = static_cast<double>(actual[i]), e = static_cast<double>(expected[i]);
    if (std::isfinite(e)) largest = std::max(largest, std::abs(e));
    const bool same = a == e || (std::isnan(a) && std::isnan(e));
    const double difference = same                   ? 0
                              : std::isfinite(a - e) ? std::abs(a - e)
                                                     : std::numeric_limits<double>::infinity();
    if (difference > worst) worst = difference, worst_index = i;
  }
  if (worst <= tolerance * largest) return testing::AssertionSuccess();
  std::ostringstream message;
  message.precision(17);
  message << "element " << index_text(actual.shape(), worst_index) << " of " << actual.shape()
          << " is " << actual[worst_index] << ", expected " << expected[worst_index]
          << ": differs by " << worst << ", allowed is " << tolerance * largest << " (" << tolerance
          << " of the largest)";
  return testing::AssertionFailure() << message.str();
}

// True if all bytes are equal. In contrast, close() accepts -0 for 0, and any NaN for any other.
inline testing::AssertionResult same_bits(const Tensor& actual, const Tensor& expected) {
  const auto bytes = static_cast<std::size_t>(expected.size()) * sizeof(real);
  const bool same_shape = actual.shape() == expected.shape();
  if (same_shape && (bytes == 0 || std::memcmp(actual.data(), expected.data(), bytes) == 0))
    return testing::AssertionSuccess();
  const testing::AssertionResult difference = close(actual, expected, 0);
  return difference ? testing::AssertionFailure() << "the numbers are equal, but their bits differ"
                    : difference;
}

// A tensor of numbers that were computed in double.
inline Tensor tensor_of(const Shape& shape, const std::vector<double>& numbers) {
  Tensor t(shape);
  require(t.size() == static_cast<long>(numbers.size()), "tensor_of: ", shape, " needs ", t.size(),
          " numbers, but ", numbers.size(), " were given");
  for (long i = 0; i < t.size(); i++) t[i] = static_cast<real>(numbers[i]);
  return t;
}

}  // namespace excite
