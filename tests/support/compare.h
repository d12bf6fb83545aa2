// What the tests compare with: tensors number by number, and the sentence of an error.
#pragma once
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "core/check.h"
#include "core/tensor.h"

namespace excite {

constexpr bool in_double_build = sizeof(real) == 8;

// True if shapes are equal and no number is further from the expected one than `tolerance` times
// the largest expected number. Otherwise says which number is the furthest. NaN and infinity are
// close to nothing but themselves.
inline testing::AssertionResult close(const Tensor& actual, const Tensor& expected,
                                      double tolerance) {
  if (actual.shape() != expected.shape())
    return testing::AssertionFailure()
           << "shape is " << actual.shape() << ", expected " << expected.shape();
  double largest = 0, worst = -1;
  long at = 0;
  for (long i = 0; i < actual.size(); i++) {
    const double a = static_cast<double>(actual[i]), e = static_cast<double>(expected[i]);
    if (std::isfinite(e)) largest = std::max(largest, std::abs(e));
    const bool same = a == e || (std::isnan(a) && std::isnan(e));
    const double difference = same                   ? 0
                              : std::isfinite(a - e) ? std::abs(a - e)
                                                     : std::numeric_limits<double>::infinity();
    if (difference > worst) worst = difference, at = i;
  }
  if (worst <= tolerance * largest) return testing::AssertionSuccess();
  std::ostringstream message;
  message.precision(17);
  message << "element " << index_text(actual.shape(), at) << " of " << actual.shape() << " is "
          << actual[at] << ", expected " << expected[at] << ": apart by " << worst
          << ", allowed are " << tolerance * largest << " (" << tolerance << " of the largest)";
  return testing::AssertionFailure() << message.str();
}

// Byte by byte, where close() takes -0 for 0 and any NaN for any other.
inline testing::AssertionResult same_bits(const Tensor& actual, const Tensor& expected) {
  const auto bytes = static_cast<std::size_t>(expected.size()) * sizeof(real);
  const bool same_shape = actual.shape() == expected.shape();
  if (same_shape && (bytes == 0 || std::memcmp(actual.data(), expected.data(), bytes) == 0))
    return testing::AssertionSuccess();
  const testing::AssertionResult difference = close(actual, expected, 0);
  return difference ? testing::AssertionFailure() << "numbers that compare as equal have other bits"
                    : difference;
}

// The text of the error that f() throws, and whether it has all of `parts` in it.
template <class Kind = Error, class F>
testing::AssertionResult fails_saying(const F& f, const std::vector<std::string>& parts) {
  std::string said;
  try {
    f();
    return testing::AssertionFailure() << "there was no error";
  } catch (const Kind& error) {
    said = error.what();
  } catch (const std::exception& other) {
    return testing::AssertionFailure() << "another kind of error: " << other.what();
  }
  for (const std::string& part : parts)
    if (said.find(part) == std::string::npos)
      return testing::AssertionFailure() << "'" << part << "' is not in the error's text: " << said;
  return testing::AssertionSuccess();
}

// A tensor from numbers worked out in double.
inline Tensor tensor_of(const Shape& shape, const std::vector<double>& numbers) {
  Tensor t(shape);
  require(t.size() == static_cast<long>(numbers.size()), "tensor_of: ", shape, " needs ", t.size(),
          " numbers, but ", numbers.size(), " were given");
  for (long i = 0; i < t.size(); i++) t[i] = static_cast<real>(numbers[i]);
  return t;
}

}  // namespace excite
