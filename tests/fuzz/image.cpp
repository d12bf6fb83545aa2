// Decodes the input as an image file, after the checksums of PNG chunks were made right: otherwise
// nearly every change of a PNG would end at its first chunk.
#include <algorithm>
#include <string>

#include "core/files/crc.h"
#include "core/images/image_source.h"
#include "core/images/png_check.h"
#include "core/images/resize.h"
#include "core/memory_budget.h"
#include "tests/fuzz/fuzz.h"

namespace excite {
namespace {

void repair_checksums(Bytes& png) {
  for (std::size_t at = 8; at + 12 <= png.size();) {
    const std::size_t length = static_cast<std::size_t>(png[at]) << 24 | png[at + 1] << 16 |
                               png[at + 2] << 8 | png[at + 3];
    if (length > png.size() - at - 12) return;
    const std::uint32_t right = crc32(png.data() + at + 4, length + 4);
    for (std::size_t i = 0; i < 4; i++)
      png[at + 8 + length + i] = static_cast<std::uint8_t>(right >> (24 - 8 * i));
    at += 12 + length;
  }
}

}  // namespace
}  // namespace excite

// At most about a million pixels, so that an input takes milliseconds.
int fuzz_image(const std::uint8_t* data, std::size_t size) {
  using namespace excite;
  set_max_memory(1l << 20);
  Bytes bytes(data, data + size);
  if (looks_like_png(bytes)) repair_checksums(bytes);
  try {
    const ImageSource source = open_image(bytes, "it");
    if (source.height() * source.width() <= 1 << 16) crop(source, source.whole());
    resize(source, source.whole(), 7, 5);
  } catch (const UnusableFile&) {
  } catch (const MemoryError&) {}
  return 0;
}
