// Cyclic redundancy checks of 32 bits: the remainder of the bytes, read as one long polynomial over
// {0, 1}, divided by a fixed polynomial. Every error within 32 neighboring bits is found; any other
// error is missed once in four billion.
#pragma once
#include <cstddef>
#include <cstdint>

namespace excite {

// `previous` is the checksum of the bytes before these: crc(a + b) = crc(b, crc(a)).

// Castagnoli's polynomial, RFC 3720 B.4; used for safetensors.
std::uint32_t crc32c(const void* bytes, std::size_t count, std::uint32_t previous = 0);
// The polynomial of IEEE 802.3; used by PNG.
std::uint32_t crc32(const void* bytes, std::size_t count, std::uint32_t previous = 0);

}  // namespace excite
