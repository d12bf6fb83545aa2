#include "tests/core/images/image_bytes.h"

#include "core/files/crc.h"
#include "core/random.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wdouble-promotion"
#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

namespace excite {

namespace {

void append(void* to, void* data, int count) {
  const auto* from = static_cast<const std::uint8_t*>(data);
  static_cast<Bytes*>(to)->insert(static_cast<Bytes*>(to)->end(), from, from + count);
}

}  // namespace

Bytes png_of(int height, int width, int channels, const Bytes& pixels) {
  Bytes file;
  stbi_write_png_to_func(append, &file, width, height, channels, pixels.data(), 0);
  return file;
}
Bytes jpeg_of(const Image& image) {
  Bytes file;
  stbi_write_jpg_to_func(append, &file, static_cast<int>(image.width),
                         static_cast<int>(image.height), 3, image.pixels.data(), 95);
  return file;
}

Image noise(long height, long width) {
  Rng rng(3);
  Image image{height, width, Bytes(3 * height * width)};
  for (auto& p : image.pixels) p = static_cast<std::uint8_t>(rng.below(256));
  return image;
}
Image slope(long height, long width) {
  Image image{height, width, {}};
  for (long y = 0; y < height; y++) {
    for (long x = 0; x < width; x++) {
      for (long value : {40 + 4 * x, 40 + 4 * y, 100 + x + y})
        image.pixels.push_back(static_cast<std::uint8_t>(value));
    }
  }
  return image;
}

std::string error_of(const Bytes& bytes) {
  return file_error([&] { decode_image(bytes, "it.image"); });
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}
Bytes big_endian(std::size_t value, int count) {
  Bytes out;
  for (int i = count - 1; i >= 0; i--) out.push_back(static_cast<std::uint8_t>(value >> 8 * i));
  return out;
}

const Bytes png_signature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

Bytes png_chunk(const std::string& type, const Bytes& data) {
  const Bytes body = joined({Bytes(type.begin(), type.end()), data});
  return joined({big_endian(data.size(), 4), body, big_endian(crc32(body.data(), body.size()), 4)});
}

Bytes png_header(std::size_t width, std::size_t height, std::uint8_t depth, std::uint8_t color) {
  return png_chunk("IHDR",
                   joined({big_endian(width, 4), big_endian(height, 4), {depth, color, 0, 0, 0}}));
}
Bytes zlib_stored(const Bytes& raw) {
  const auto n = static_cast<std::uint8_t>(raw.size() & 255),
             m = static_cast<std::uint8_t>(raw.size() >> 8);
  return joined(
      {{0x78, 0x01, 0x01, n, m, static_cast<std::uint8_t>(~n), static_cast<std::uint8_t>(~m)},
       raw,
       {0, 0, 0, 0}});
}

Bytes png_with(const Bytes& header, const Bytes& raw) {
  return joined(
      {png_signature, header, png_chunk("IDAT", zlib_stored(raw)), png_chunk("IEND", {})});
}

Bytes with_inserted(Bytes file, long at, const Bytes& more) {
  file.insert(at < 0 ? file.end() + at : file.begin() + at, more.begin(), more.end());
  return file;
}

}  // namespace excite
