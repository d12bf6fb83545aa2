// Walks over the markers of the input as those of a JPEG file, and checks its tables.
#include "core/images/jpeg_segments.h"
#include "tests/fuzz/fuzz.h"

int fuzz_jpeg(const std::uint8_t* data, std::size_t size) {
  try {
    excite::find_jpeg_parts(excite::Bytes(data, data + size), "it");
  } catch (const excite::FileError&) {}
  return 0;
}
