// Checks the structure of a PNG file before it is decoded.
#pragma once
#include <string>

#include "core/images/byte_reader.h"

namespace excite {

struct PngHeader {
  long height = 0, width = 0;  // as stored
  int exif_orientation = 1;
  long unpacked_bytes = 0;      // of all pixels and filters
  long decoder_bytes = 0;       // that the decoder needs, apart from the file
  bool has_empty_data = false;  // a chunk of no pixels
};

bool looks_like_png(const Bytes& bytes);  // by its first bytes

// Every chunk up to IEND must be complete, its checksum correct, and the image not larger than
// compressed data of this size can be. UnusableFile with the offset of the fault if not.
PngHeader check_png(const Bytes& bytes, const std::string& name);

// The same file without empty chunks of pixels, for which stb_image would copy from a null pointer.
Bytes without_empty_data(const Bytes& png);

}  // namespace excite
