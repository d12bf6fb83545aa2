#include "core/images/image_size.h"

#include <algorithm>

#include "core/check.h"
#include "core/files/input_file.h"
#include "core/images/image.h"
#include "core/images/image_check.h"

namespace excite {

namespace {

// An unsigned number of `count` bytes, big-endian as in both formats.
long number_at(const InputFile& file, long offset, long count) {
  std::uint8_t bytes[4] = {};
  file.read(offset, bytes, count);
  long value = 0;
  for (long i = 0; i < count; i++) value = value << 8 | bytes[i];
  return value;
}

// A PNG file begins with 8 bytes of signature and the chunk IHDR: length, type, width, height (4
// bytes each).
ImageSize size_of_png(const InputFile& file) {
  return {number_at(file, 20, 4), number_at(file, 16, 4)};
}

// Skips segments up to a start of frame (ITU-T T.81, table B.1: the markers c0 to cf except three),
// which contains: length, bits, height, width. Real images have tens of segments before it. The
// limit is for crafted files with millions of bytes between segments.
ImageSize size_of_jpeg(const InputFile& file) {
  constexpr long max_steps = 65536;
  long at = 2;
  for (long step = 0; step < max_steps; step++) {
    const long mark = number_at(file, at, 1), marker = number_at(file, at + 1, 1);
    const bool skipped = mark != 0xff || marker == 0xff;  // a byte between segments
    const bool start_of_frame =
        marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (!skipped && start_of_frame) return {number_at(file, at + 5, 2), number_at(file, at + 7, 2)};
    const bool pixels_or_end = marker == 0xda || marker == 0xd9;
    require<FileError>(skipped || !pixels_or_end, file.path(), ": byte ", at,
                       ": the JPEG image has no header before its pixels");
    at += skipped ? 1 : 2 + number_at(file, at + 2, 2);
  }
  throw FileError(text(file.path(), ": byte ", at, ": the JPEG image has no header in its first ",
                       max_steps, " segments and skipped bytes"));
}

}  // namespace

ImageSize read_image_size(const std::string& path) {
  const InputFile file(path);
  require<FileError>(file.size() <= max_image_bytes, path, ": has ", file.size(),
                     " bytes, expected at most ", max_image_bytes);
  Bytes first(std::min(file.size(), 8l));
  file.read(0, first.data(), static_cast<long>(first.size()));
  const bool png = looks_like_png(first);
  require<FileError>(png || looks_like_jpeg(first), path, ": is neither a PNG nor a JPEG image");
  const ImageSize size = png ? size_of_png(file) : size_of_jpeg(file);
  require<FileError>(is_image_size(size.height, size.width), path, ": its header gives ",
                     size.height, " x ", size.width, " pixels, expected sides of 1 to ",
                     max_image_side, " and at most ", max_pixels, " pixels");
  return size;
}

}  // namespace excite
