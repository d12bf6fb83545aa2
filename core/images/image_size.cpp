#include "core/images/image_size.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "core/check.h"
#include "core/files/input_file.h"
#include "core/images/bitmap_check.h"
#include "core/images/image.h"
#include "core/images/jpeg_segments.h"
#include "core/images/other_formats.h"
#include "core/images/png_check.h"
#include "core/images/webp.h"

namespace excite {

namespace {

// As stored, with the EXIF value.
struct StoredSize {
  long height, width;
  int exif_orientation = 1;
};

Bytes bytes_at(const InputFile& file, long offset, long count) {
  Bytes bytes(count);
  file.read(offset, bytes.data(), count);
  return bytes;
}

long big_endian_at(const InputFile& file, long offset, long count) {
  long value = 0;
  for (const std::uint8_t byte : bytes_at(file, offset, count)) value = value << 8 | byte;
  return value;
}

long little_endian_at(const InputFile& file, long offset, long count) {
  const Bytes bytes = bytes_at(file, offset, count);
  long value = 0;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) value = value << 8 | *byte;
  return value;
}

std::string word_at(const InputFile& file, long offset, long count) {
  const Bytes bytes = bytes_at(file, offset, count);
  return {bytes.begin(), bytes.end()};
}

int orientation_at(const InputFile& file, long offset, long count) {
  const Bytes bytes = bytes_at(file, offset, count);
  return exif_orientation(bytes.data(), bytes.size());
}

// A PNG file begins with 8 bytes of signature and the chunk IHDR: length, type, width, height (4
// bytes each). EXIF data may be in any later chunk; whether a square is turned does not matter.
StoredSize size_of_png(const InputFile& file) {
  constexpr long max_chunks = 1000;
  StoredSize size{big_endian_at(file, 20, 4), big_endian_at(file, 16, 4)};
  long at = 8;
  for (long i = 0; i < max_chunks && size.height != size.width && at + 12 <= file.size(); i++) {
    const long length = big_endian_at(file, at, 4);
    if (word_at(file, at + 4, 4) == "eXIf" && at + 12 + length <= file.size()) {
      size.exif_orientation = orientation_at(file, at + 8, length);
      break;
    }
    at += 12 + length;
  }
  return size;
}

// Skips segments up to a start of frame (ITU-T T.81, table B.1: the markers c0 to cf except three),
// which contains: length, bits, height, width. Real images have tens of segments before it. The
// limit is for crafted files with millions of bytes between segments.
StoredSize size_of_jpeg(const InputFile& file) {
  constexpr long max_steps = 65536, app1 = 0xe1;
  long at = 2;
  int orientation = 0;
  for (long step = 0; step < max_steps; step++) {
    const long both = big_endian_at(file, at, 2), mark = both >> 8, marker = both & 0xff;
    const bool skipped = mark != 0xff || marker == 0xff || marker == 0;  // between segments
    const bool start_of_frame =
        marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (!skipped && start_of_frame)
      return {big_endian_at(file, at + 5, 2), big_endian_at(file, at + 7, 2),
              std::max(1, orientation)};
    const bool pixels_or_end = marker == 0xda || marker == 0xd9;
    require<UnusableFile>(skipped || !pixels_or_end, file.path(), ": byte ", at,
                          ": the JPEG image has no header before its pixels");
    const bool no_length = marker == 0x01 || (marker >= 0xd0 && marker <= 0xd7);
    const long length = skipped ? 0 : no_length ? 0 : big_endian_at(file, at + 2, 2);
    if (!skipped && marker == app1 && orientation == 0 && length >= 8 &&
        at + 2 + length <= file.size() && word_at(file, at + 4, 6) == std::string("Exif\0\0", 6))
      orientation = orientation_at(file, at + 4, length - 2);
    at += skipped ? 1 : 2 + length;
  }
  throw UnusableFile(text(file.path(), ": byte ", at,
                          ": the JPEG image has no header in its first ", max_steps,
                          " segments and skipped bytes"));
}

// Three kinds of first chunks, at byte 12: the canvas of an image with further chunks, 24 bits
// each; a lossy or a lossless image, 14 bits each.
StoredSize size_of_webp(const InputFile& file) {
  constexpr long bits_14 = (1 << 14) - 1, exif_flag = 8;
  const std::string kind = word_at(file, 12, 4);
  if (kind == "VP8 ")
    return {little_endian_at(file, 28, 2) & bits_14, little_endian_at(file, 26, 2) & bits_14};
  if (kind == "VP8L") {
    const long bits = little_endian_at(file, 21, 4);
    return {(bits >> 14 & bits_14) + 1, (bits & bits_14) + 1};
  }
  require<UnusableFile>(kind == "VP8X", file.path(), ": the WebP header is damaged");
  StoredSize size{little_endian_at(file, 27, 3) + 1, little_endian_at(file, 24, 3) + 1};
  const bool has_exif = little_endian_at(file, 20, 1) & exif_flag;
  for (long at = 12; has_exif && at + 8 <= file.size();) {
    const long length = little_endian_at(file, at + 4, 4);
    if (word_at(file, at, 4) == "EXIF" && at + 8 + length <= file.size())
      size.exif_orientation = orientation_at(file, at + 8, length);
    at += 8 + length + length % 2;
  }
  return size;
}

// A header of 12 bytes has 2 bytes each, longer ones 4.
StoredSize size_of_bmp(const InputFile& file) {
  const bool old = little_endian_at(file, 14, 4) == 12;
  const long width = little_endian_at(file, 18, old ? 2 : 4),
             height = little_endian_at(file, old ? 20 : 22, old ? 2 : 4);
  return {std::abs(old ? height : static_cast<std::int32_t>(height)), width};
}

StoredSize size_of_pnm(const InputFile& file) {
  constexpr long longest_header = 4096;  // with its comments
  const PnmHeader header =
      read_pnm_header(bytes_at(file, 0, std::min(file.size(), longest_header)), file.path());
  return {header.height, header.width};
}

StoredSize stored_size(const InputFile& file) {
  constexpr long longest_name = 32;
  const Bytes first = bytes_at(file, 0, std::min(file.size(), longest_name));
  if (looks_like_jpeg(first)) return size_of_jpeg(file);
  if (looks_like_png(first)) return size_of_png(file);
  if (looks_like_webp(first)) return size_of_webp(file);
  if (looks_like_bmp(first)) return size_of_bmp(file);
  if (looks_like_pnm(first)) return size_of_pnm(file);
  throw UnusableFile(text(file.path(), ": ", why_not_an_image(first)));
}

}  // namespace

ImageSize read_image_size(const std::string& path, Exif exif) {
  const InputFile file(path);
  require<UnusableFile>(file.size() <= max_image_bytes, path, ": has ", file.size(),
                        " bytes, expected at most ", max_image_bytes);
  const StoredSize size = stored_size(file);
  require<UnusableFile>(is_image_size(size.height, size.width), path, ": its header gives ",
                        size.height, " x ", size.width, " pixels, expected sides of 1 to ",
                        max_image_side, " and at most ", max_pixels, " pixels");
  const bool turned = exif == Exif::apply && orientation_of(size.exif_orientation).transposed;
  return turned ? ImageSize{size.width, size.height} : ImageSize{size.height, size.width};
}

}  // namespace excite
