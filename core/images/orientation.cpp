#include "core/images/orientation.h"

#include <cstring>

namespace excite {

Orientation orientation_of(int exif_value) {
  switch (exif_value) {
    case 2: return {.columns_reversed = true};
    case 3: return {.rows_reversed = true, .columns_reversed = true};
    case 4: return {.rows_reversed = true};
    case 5: return {.transposed = true};
    case 6: return {.transposed = true, .rows_reversed = true};
    case 7: return {.transposed = true, .rows_reversed = true, .columns_reversed = true};
    case 8: return {.transposed = true, .columns_reversed = true};
    default: return {};
  }
}

// TIFF 6.0, section 2: "II" (little-endian) or "MM" (big-endian), 42, and the offset of the table.
// The table has a count, and entries of 12 bytes: tag, type, count, and the value if it fits into 4
// bytes. Type 3 is a number of 2 bytes, type 4 one of 4 bytes.
int exif_orientation(const std::uint8_t* data, std::size_t size) {
  constexpr char prefix[] = "Exif\0";  // with the zero at the end, six bytes
  constexpr std::size_t header_size = 8, entry_size = 12;
  constexpr unsigned orientation_tag = 0x0112, two_bytes = 3, four_bytes = 4;
  if (size >= sizeof prefix && std::memcmp(data, prefix, sizeof prefix) == 0)
    data += sizeof prefix, size -= sizeof prefix;
  if (size < header_size || data[0] != data[1] || (data[0] != 'I' && data[0] != 'M')) return 1;
  const bool little = data[0] == 'I';
  const auto number = [&](std::size_t at, std::size_t count) {
    unsigned value = 0;
    for (std::size_t i = 0; i < count; i++)
      value = value << 8 | data[little ? at + count - 1 - i : at + i];
    return value;
  };
  const std::size_t table = number(4, 4);
  if (number(2, 2) != 42 || table > size - 2) return 1;
  unsigned value = 1;
  const std::size_t count = number(table, 2);
  for (std::size_t i = 0; i < count; i++) {
    const std::size_t entry = table + 2 + i * entry_size;
    if (entry + entry_size > size) break;
    const unsigned type = number(entry + 2, 2);
    if (number(entry, 2) != orientation_tag || number(entry + 4, 4) != 1) continue;
    if (type == two_bytes || type == four_bytes)
      value = number(entry + 8, type == two_bytes ? 2 : 4);
  }
  return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
}

}  // namespace excite
