// Images from PNG and JPEG files, by stb_image. Files are untrusted, and stb_image says of itself
// that it is not made for such: so the structure is checked before (image_check.h), and it works
// inside a bounded, zeroed memory.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace excite {

struct Image {
  long height = 0, width = 0;
  std::vector<std::uint8_t> pixels;  // [H, W, 3], RGB
};

constexpr long max_image_bytes = 64l << 20, max_image_side = 16384, max_pixels = 64l << 20;

// Grey becomes three equal channels, 16 bits become the upper 8, and alpha is dropped: the color is
// what the file has under it, as if all were opaque. No color profile and no orientation tag is
// applied. FileError, naming the file, if it is not a whole PNG or JPEG image within the limits
// above.
Image read_image(const std::string& path);
Image decode_image(const std::vector<std::uint8_t>& bytes, const std::string& name_for_errors);

void write_png(const std::string& path, const Image& image);  // atomically

bool is_image_size(long height, long width);  // within these limits

// Error in the name of `what`, if there can be no image of this size, or its bytes are not as many
// as its size says.
void require_image_size(long height, long width, const char* what);
void require_image(const Image& image, const char* what);

}  // namespace excite
