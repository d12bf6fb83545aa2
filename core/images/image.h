// Reading PNG, JPEG, WebP, BMP and PNM images, and writing PNG. Files are untrusted: each is
// checked before a decoder sees it, and no decoder gets more memory than the image needs.
// core/images/README.md tells why.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/images/orientation.h"

namespace excite {

struct Image {
  long height = 0, width = 0;
  std::vector<std::uint8_t> pixels;  // [H, W, 3], RGB
};

// Limits: bytes per file, pixels per side, pixels per image (Pillow's).
constexpr long max_image_bytes = 1l << 30, max_image_side = 65535, max_pixels = 178'956'970;

// Decodes an image. Gray becomes three equal channels, of 16 bits the upper 8 are kept, and alpha
// is dropped: the color under it stays, as if all pixels were opaque. No color profile is applied.
// The image is turned as its EXIF data say. UnusableFile with the file's name if it is not a
// complete image within the limits above; MemoryError if decoding needs more memory than
// core/memory_budget.h allows. `name` is used in errors.
Image read_image(const std::string& path, Exif exif = Exif::apply);
Image decode_image(const std::vector<std::uint8_t>& bytes, const std::string& name,
                   Exif exif = Exif::apply);

void write_png(const std::string& path, const Image& image);  // atomically

bool is_image_size(long height, long width);  // within the limits above

// Error, beginning with the operation's name `what`, if the size is not within the limits, or if
// the image has not as many bytes as its size requires.
void require_image_size(long height, long width, const char* what);
void require_image(const Image& image, const char* what);

}  // namespace excite
