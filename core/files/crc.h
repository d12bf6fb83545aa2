// Cyclic redundancy checks of 32 bits: the remainder of the bytes, read as one long polynomial over
// {0, 1}, by a fixed one. Every error that touches at most 32 neighbouring bits is found; any other
// slips through once in four billion.
#pragma once
#include <cstddef>
#include <cstdint>

namespace excite {

// `so_far` is what earlier bytes gave: crc(a + b) = crc(b, crc(a)).
std::uint32_t crc32c(const void* bytes, std::size_t count,
                     std::uint32_t so_far = 0);  // Castagnoli's, RFC 3720 B.4; what we write
std::uint32_t crc32(const void* bytes, std::size_t count,
                    std::uint32_t so_far = 0);  // IEEE 802.3's; what PNG has

}  // namespace excite
