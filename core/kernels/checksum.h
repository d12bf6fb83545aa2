// A checksum of the bits of a tensor: it tells whether numbers have changed since they were used.
#pragma once
#include <cstdint>

#include "core/tensor.h"

namespace excite {

// A polynomial of the bits, modulo 2^64. A change of one element always changes it; any other
// change does so with a probability of about 1 - 2^-64. The shape does not count.
std::uint64_t checksum(const Tensor& x);

}  // namespace excite
