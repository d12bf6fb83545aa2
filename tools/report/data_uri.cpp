#include "tools/report/data_uri.h"

#include <algorithm>

#include "core/check.h"
#include "core/images/resize.h"
#include "core/images/stb_decoder.h"

namespace excite {

std::string base64(const std::vector<std::uint8_t>& bytes) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string encoded;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {  // three bytes become four digits
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    unsigned group = 0;
    for (std::size_t j = 0; j < 3; j++) group = group << 8 | (j < count ? bytes[i + j] : 0u);
    for (std::size_t j = 0; j < 4; j++)
      encoded += j <= count ? digits[group >> (18 - 6 * j) & 63] : '=';
  }
  return encoded;
}

std::string png_data_uri(const Image& image) {
  require_image(image, "png_data_uri");
  const auto bytes = encode_png(image.pixels.data(), static_cast<int>(image.height),
                                static_cast<int>(image.width));
  require(!bytes.empty(), "png_data_uri: not enough memory to encode ", image.height, "x",
          image.width, " pixels");
  return "data:image/png;base64," + base64(bytes);
}

Image thumbnail(const ImageSource& image, long side) {
  const long longest = std::max(image.height(), image.width());
  if (longest <= side) return crop(image, image.whole());
  const auto scaled = [&](long n) { return std::max(1l, n * side / longest); };
  return resize(image, image.whole(), scaled(image.height()), scaled(image.width()));
}

}  // namespace excite
