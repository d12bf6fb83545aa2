// Reading PNG and JPEG images with stb_image. Files are untrusted, and the author of stb_image
// warns against that. So the structure of a file is checked first (image_check.h), and stb_image
// works in bounded, zeroed memory. core/images/README.md tells why.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace excite {

struct Image {
  long height = 0, width = 0;
  std::vector<std::uint8_t> pixels;  // [H, W, 3], RGB
};

// Limits: bytes per file, pixels per side, pixels per image.
constexpr long max_image_bytes = 64l << 20, max_image_side = 16384, max_pixels = 64l << 20;

// Decodes an image. Gray becomes three equal channels, of 16 bits the upper 8 are kept, and alpha
// is dropped: the color under it stays, as if all pixels were opaque. No color profile and no
// orientation tag is applied. FileError with the file's name if it is not a complete PNG or JPEG
// image within the limits above. `name` is used in errors.
Image read_image(const std::string& path);
Image decode_image(const std::vector<std::uint8_t>& bytes, const std::string& name);

void write_png(const std::string& path, const Image& image);  // atomically

bool is_image_size(long height, long width);  // within the limits above

// Error, beginning with the operation's name `what`, if the size is not within the limits, or if
// the image has not as many bytes as its size requires.
void require_image_size(long height, long width, const char* what);
void require_image(const Image& image, const char* what);

}  // namespace excite
