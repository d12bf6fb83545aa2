#include "core/images/bitmap_check.h"

#include <algorithm>
#include <cstdlib>

#include "core/images/image.h"

namespace excite {

namespace {

void check_size(const ByteReader& file, long height, long width) {
  file.check(is_image_size(height, width), "the header gives ", height, " x ", width,
             " pixels, expected sides of 1 to ", max_image_side, " and at most ", max_pixels,
             " pixels in all");
}

void append(Bytes& bytes, long value, int count) {  // little-endian
  for (int i = 0; i < count; i++, value >>= 8) bytes.push_back(static_cast<std::uint8_t>(value));
}

struct BmpHeader {
  long pixels_at = 0, size = 0;  // bytes
  long height = 0, width = 0;    // pixels; height is negative if the first row is the top row
  long bits = 0;                 // per pixel
  long compression = 0;          // 3: the colors are where the masks say
};

// A header of 12 bytes (OS/2), or of 40 and more (Windows), which begin alike.
BmpHeader read_bmp_header(ByteReader& file) {
  BmpHeader h;
  file.skip(10);
  h.pixels_at = file.little_endian(4), h.size = file.little_endian(4);
  const bool old = h.size == 12;
  file.check(old || h.size == 40 || h.size == 52 || h.size == 56 || h.size == 108 || h.size == 124,
             "a BMP header of ", h.size, " bytes, expected 12, 40, 52, 56, 108 or 124");
  h.width = static_cast<std::int32_t>(file.little_endian(old ? 2 : 4));
  h.height = static_cast<std::int32_t>(file.little_endian(old ? 2 : 4));
  check_size(file, std::abs(h.height), h.width);
  file.skip(2);
  h.bits = file.little_endian(2);
  file.check(
      h.bits == 1 || h.bits == 4 || h.bits == 8 || h.bits == 16 || h.bits == 24 || h.bits == 32,
      "the image has ", h.bits, " bits per pixel, expected 1, 4, 8, 16, 24 or 32");
  if (!old) h.compression = file.little_endian(4), file.skip(20);
  const bool masks = h.compression == 3 && (h.bits == 16 || h.bits == 32);
  file.check(h.compression == 0 || masks, "the pixels are compressed by method ", h.compression,
             ", which this reader does not support; save the image without compression");
  return h;
}

}  // namespace

bool looks_like_bmp(const Bytes& bytes) {
  return bytes.size() >= 2 && bytes[0] == 'B' && bytes[1] == 'M';
}

bool looks_like_pnm(const Bytes& bytes) {
  return bytes.size() >= 2 && bytes[0] == 'P' && (bytes[1] == '5' || bytes[1] == '6');
}

// The new file has a header of 40 bytes, the masks, a color for each value, and the pixels right
// behind. stb_image would read colors that a short palette lacks from memory never written.
PlainBitmap plain_bmp(const Bytes& bytes, const std::string& name) {
  constexpr long file_header = 14, header = 40;
  ByteReader file(bytes, name);
  const BmpHeader h = read_bmp_header(file);
  const long rows = std::abs(h.height), row_bytes = (h.width * h.bits + 31) / 32 * 4,
             palette = h.bits <= 8 ? 1l << h.bits : 0, masks = h.compression == 3 ? 12 : 0;
  file.check(h.pixels_at >= static_cast<long>(file.at) && h.pixels_at <= std::ssize(bytes),
             "the pixels begin at byte ", h.pixels_at, ", expected between the header and the end");
  Bytes plain{'B', 'M'};
  plain.reserve(file_header + header + masks + 4 * palette + rows * row_bytes);
  append(plain, 0, 8);
  append(plain, file_header + header + masks + 4 * palette, 4);
  append(plain, header, 4), append(plain, h.width, 4), append(plain, h.height, 4);
  append(plain, 1, 2), append(plain, h.bits, 2), append(plain, h.compression, 4);
  append(plain, 0, 20);
  for (long i = 0; i < masks; i++) append(plain, file.little_endian(1), 1);
  file.at = static_cast<std::size_t>(file_header + h.size);
  for (long i = 0; i < palette; i++) {
    const bool old = h.size == 12;
    const bool there = std::ssize(bytes) >= h.pixels_at &&
                       static_cast<long>(file.at) + (old ? 3 : 4) <= h.pixels_at;
    append(plain, there ? file.little_endian(3) : 0, 4);
    if (there && !old) file.skip(1);
  }
  file.at = static_cast<std::size_t>(h.pixels_at);
  file.check(static_cast<long>(file.left()) >= rows * row_bytes, "the file is cut off: ", rows,
             " rows of ", row_bytes, " bytes do not fit into the ", file.left(),
             " bytes that follow");
  plain.insert(plain.end(), file.here(), file.here() + rows * row_bytes);
  return {rows, h.width, std::move(plain)};
}

// P5 (gray) or P6 (color), width, height, and the value of white, as words; comments go from # to
// the end of a line. One white space follows, and then the pixels.
PnmHeader read_pnm_header(const Bytes& bytes, const std::string& name) {
  ByteReader file(bytes, name);
  const auto is_space = [](std::uint32_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  const auto next_number = [&](const char* what) {
    std::uint32_t c = file.big_endian(1);
    file.check(is_space(c) || c == '#', "no white space before the ", what);
    for (bool comment = c == '#'; comment || is_space(c) || c == '#';
         comment = comment || c == '#') {
      if (comment && (c == '\n' || c == '\r')) comment = false;
      c = file.big_endian(1);
    }
    long value = 0;
    for (; c >= '0' && c <= '9' && value < 1'000'000; c = file.big_endian(1))
      value = 10 * value + (c - '0');
    file.at--;
    file.check(value >= 1, "the ", what, " is not a whole number above 0");
    return value;
  };
  PnmHeader header;
  header.color = bytes[1] == '6';
  file.skip(2);
  header.width = next_number("width"), header.height = next_number("height");
  header.white = next_number("value of white");
  check_size(file, header.height, header.width);
  file.check(header.white <= 65535, "the value of white is ", header.white,
             ", expected at most 65535");
  file.check(is_space(file.big_endian(1)), "no white space before the pixels");
  header.pixels_at = file.at;
  return header;
}

// A byte per value, or two if white is more than 255. The new file has white at 255.
PlainBitmap plain_pnm(const Bytes& bytes, const std::string& name) {
  const PnmHeader h = read_pnm_header(bytes, name);
  ByteReader file(bytes, name);
  file.at = h.pixels_at;
  const long values = h.height * h.width * (h.color ? 3 : 1), size = h.white > 255 ? 2 : 1;
  file.check(static_cast<long>(file.left()) >= values * size, "the file is cut off: ", h.height,
             " x ", h.width, " pixels need ", values * size, " bytes, but ", file.left(),
             " follow");
  const std::string head = text("P", h.color ? 6 : 5, " ", h.width, " ", h.height, " 255\n");
  Bytes plain(head.begin(), head.end());
  plain.resize(head.size() + values);
  std::uint8_t* to = plain.data() + head.size();
  const std::uint8_t* from = file.here();
  for (long i = 0; i < values; i++, from += size) {
    const long value = size == 2 ? from[0] << 8 | from[1] : from[0];
    *to++ = static_cast<std::uint8_t>(std::min(255l, (2 * 255 * value + h.white) / (2 * h.white)));
  }
  return {h.height, h.width, std::move(plain)};
}

}  // namespace excite
