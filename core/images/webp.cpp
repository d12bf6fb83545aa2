#include "core/images/webp.h"

#include <webp/decode.h>

#include <algorithm>
#include <new>
#include <string_view>

#include "core/images/orientation.h"

namespace excite {

namespace {

bool has_word(const Bytes& bytes, std::size_t at, std::string_view word) {
  return bytes.size() >= at + word.size() && std::equal(word.begin(), word.end(), &bytes[at]);
}

}  // namespace

bool looks_like_webp(const Bytes& bytes) {
  return has_word(bytes, 0, "RIFF") && has_word(bytes, 8, "WEBP");
}

// RIFF, the number of bytes that follow, WEBP; then chunks: a type of four letters, the number of
// bytes, and these, rounded up to an even number.
WebpHeader check_webp(const Bytes& bytes, const std::string& name) {
  ByteReader file(bytes, name);
  file.skip(4);
  const std::size_t end = 8 + static_cast<std::size_t>(file.little_endian(4));
  file.check(end <= bytes.size(), "the file is cut off: it should have ", end, " bytes, but has ",
             bytes.size());
  WebPBitstreamFeatures features;
  const VP8StatusCode status = WebPGetFeatures(bytes.data(), bytes.size(), &features);
  file.check(status == VP8_STATUS_OK, "the WebP header is damaged");
  file.check(!features.has_animation, "the image is an animation; save one of its frames as PNG");
  WebpHeader header{features.height, features.width};
  file.check(is_image_size(header.height, header.width), "the header gives ", header.height, " x ",
             header.width, " pixels, expected at most ", max_pixels, " pixels in all");
  file.skip(4);
  while (file.at + 8 <= end) {
    const bool exif = has_word(bytes, file.at, "EXIF");
    file.skip(4);
    const std::size_t size = file.little_endian(4);
    file.check(size <= end - file.at, "a chunk of ", size, " bytes exceeds the file");
    if (exif) header.exif_orientation = exif_orientation(file.here(), size);
    file.at = std::min(end, file.at + size + size % 2);
  }
  return header;
}

Image decode_webp(const Bytes& bytes, const std::string& name, const WebpHeader& header) {
  constexpr long channels = 3;
  Image image{header.height, header.width, Bytes(header.height * header.width * channels)};
  WebPDecoderConfig config;
  require(WebPInitDecoderConfig(&config), "webp: the library has another version than its header");
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA = {image.pixels.data(), static_cast<int>(header.width * channels),
                          image.pixels.size()};
  const VP8StatusCode status = WebPDecode(bytes.data(), bytes.size(), &config);
  WebPFreeDecBuffer(&config.output);
  if (status == VP8_STATUS_OUT_OF_MEMORY) throw std::bad_alloc();
  require<UnusableFile>(status == VP8_STATUS_OK, name, ": cannot be decoded as WebP: ",
                        status == VP8_STATUS_NOT_ENOUGH_DATA || status == VP8_STATUS_SUSPENDED
                            ? "the file is cut off"
                            : "its data are damaged");
  return image;
}

}  // namespace excite
