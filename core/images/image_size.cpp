#include "core/images/image_size.h"

#include <algorithm>

#include "core/check.h"
#include "core/files/input_file.h"
#include "core/images/image.h"
#include "core/images/image_check.h"

namespace excite {

namespace {

// Big-endian, as in both formats.
long number_at(const InputFile& file, long offset, long count) {
  std::uint8_t bytes[4] = {};
  file.read(offset, bytes, count);
  long value = 0;
  for (long i = 0; i < count; i++) value = value << 8 | bytes[i];
  return value;
}

// The signature, then the chunk IHDR: length, type, width, height.
ImageSize size_of_png(const InputFile& file) {
  return {number_at(file, 20, 4), number_at(file, 16, 4)};
}

// Segments up to a start of frame (ITU-T T.81, table B.1: c0 to cf but for three), which says:
// length, bits, height, width. Images have tens of segments before it; a file may have millions of
// bytes that are none.
ImageSize size_of_jpeg(const InputFile& file) {
  constexpr long max_steps = 65536;
  long at = 2;
  for (long step = 0; step < max_steps; step++) {
    const long mark = number_at(file, at, 1), marker = number_at(file, at + 1, 1);
    const bool filled =
        mark != 0xff || marker == 0xff;  // bytes between segments, which decoders pass over
    const bool resize_crop =
        marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (!filled && resize_crop) return {number_at(file, at + 5, 2), number_at(file, at + 7, 2)};
    const bool pixels = marker == 0xda || marker == 0xd9;
    require<FileError>(filled || !pixels, file.path(), ": byte ", at,
                       ": the JPEG image has no header before its pixels");
    at += filled ? 1 : 2 + number_at(file, at + 2, 2);
  }
  throw FileError(text(file.path(), ": byte ", at, ": after ", max_steps,
                       " segments and bytes between them the JPEG image still has no header"));
}

}  // namespace

ImageSize read_image_size(const std::string& path) {
  const InputFile file(path);
  require<FileError>(file.size() <= max_image_bytes, path, ": has ", file.size(),
                     " bytes, at most ", max_image_bytes, " are read");
  Bytes first(std::min(file.size(), 8l));
  file.read(0, first.data(), static_cast<long>(first.size()));
  const bool png = looks_like_png(first);
  require<FileError>(png || looks_like_jpeg(first), path, ": is neither a PNG nor a JPEG image");
  const ImageSize size = png ? size_of_png(file) : size_of_jpeg(file);
  require<FileError>(is_image_size(size.height, size.width), path, ": says that it has ",
                     size.height, " x ", size.width, " pixels, expected sides of 1 to ",
                     max_image_side, " and at most ", max_pixels, " pixels");
  return size;
}

}  // namespace excite
