// Debian's stb_image, which decodes PNG, JPEG, BMP and PNM. Only stb_decoder.cpp includes it.
// core/images/README.md tells how it is kept from harm.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/images/jpeg_segments.h"

namespace excite {

// Pixels [height, width, channels] in memory of the decoder. Channels: gray; gray and alpha; red,
// green, blue; red, green, blue, alpha.
struct StbImage {
  long height = 0, width = 0, channels = 0;
  const std::uint8_t* pixels = nullptr;
  std::shared_ptr<const void> memory{};
};

// A file whose structure was checked. UnusableFile if the decoder refuses it or needs more than
// `max_bytes` of memory; `format` is for the error.
StbImage decode_with_stb(const Bytes& bytes, const std::string& name, const char* format,
                         std::size_t max_bytes);

// One component of a JPEG image: a sample per pixel, or one per several pixels.
struct JpegPlane {
  const std::uint8_t* samples = nullptr;  // [height, stride]
  long height = 0, width = 0, stride = 0;
  long pixels_across = 1, pixels_down = 1;  // of the image, per sample
};

struct JpegPlanes {
  std::vector<JpegPlane> planes;
  std::shared_ptr<const void> memory{};
};

// The same for a JPEG file whose parts were found.
JpegPlanes decode_jpeg(const Bytes& bytes, const JpegParts& parts, const std::string& name,
                       std::size_t max_bytes);

// The file of a PNG image of these bytes, [height, width, 3]. Empty if there is not enough memory.
Bytes encode_png(const std::uint8_t* pixels, int height, int width);

}  // namespace excite
