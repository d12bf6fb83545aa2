#include "core/files/crc.h"

#include <array>
#include <bit>
#include <cstring>

namespace excite {

namespace {

static_assert(std::endian::native == std::endian::little,
              "files are little-endian, so the machine must be, too");

// tables[k][b] is the remainder of byte b followed by k zero bytes. With eight tables a step takes
// eight bytes, which is five times as fast as single bytes (Kounavis and Berry, "A systematic
// approach to building high performance software-based CRC generators", 2005).
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables tables_for(std::uint32_t polynomial) {
  Tables t{};
  for (std::uint32_t b = 0; b < 256; b++) {
    std::uint32_t r = b;
    for (int bit = 0; bit < 8; bit++) r = (r >> 1) ^ (r & 1 ? polynomial : 0);
    t[0][b] = r;
  }
  for (std::size_t k = 1; k < 8; k++) {
    for (std::size_t b = 0; b < 256; b++) t[k][b] = (t[k - 1][b] >> 8) ^ t[0][t[k - 1][b] & 255];
  }
  return t;
}

// Polynomials have their highest power in the lowest bit, because the lowest bit of a byte comes
// first.
constexpr Tables castagnoli = tables_for(0x82f63b78), ieee = tables_for(0xedb88320);

std::uint32_t remainder(const Tables& t, const void* bytes, std::size_t count,
                        std::uint32_t previous) {
  auto p = static_cast<const unsigned char*>(bytes);
  std::uint32_t r = ~previous;
  for (; count >= 8; count -= 8, p += 8) {
    std::uint64_t w;
    std::memcpy(&w, p, 8);
    w ^= r;
    r = t[7][w & 255] ^ t[6][w >> 8 & 255] ^ t[5][w >> 16 & 255] ^ t[4][w >> 24 & 255] ^
        t[3][w >> 32 & 255] ^ t[2][w >> 40 & 255] ^ t[1][w >> 48 & 255] ^ t[0][w >> 56];
  }
  for (; count > 0; count--) r = (r >> 8) ^ t[0][(r ^ *p++) & 255];
  return ~r;
}

}  // namespace

std::uint32_t crc32c(const void* bytes, std::size_t count, std::uint32_t previous) {
  return remainder(castagnoli, bytes, count, previous);
}
std::uint32_t crc32(const void* bytes, std::size_t count, std::uint32_t previous) {
  return remainder(ieee, bytes, count, previous);
}

}  // namespace excite
