// The parts of a JPEG file, found without decoding it, and checked. So the decoder gets only what
// was checked, and nothing that it reads otherwise than other decoders do: no junk between the
// parts, no comments and thumbnails, no bytes after the last scan.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/images/byte_reader.h"
#include "core/images/orientation.h"

namespace excite {

// What the components mean, by the rules of libjpeg.
enum class JpegColors { gray, ycbcr, rgb, cmyk, ycck };

struct JpegPart {
  std::uint8_t marker;
  std::size_t begin, end;  // from the length on; a scan's compressed pixels are included
};

struct JpegComponent {
  std::uint32_t id = 0;
  long across = 0, down = 0;   // samples per unit, of the largest of all components
  long columns = 0, rows = 0;  // blocks of 8 x 8 samples, those of incomplete units included
  std::array<std::int8_t, 64> missing_bits{};  // of each coefficient; -1: all
};

struct JpegParts {
  long height = 0, width = 0;  // as stored
  bool progressive = false;
  JpegColors colors = JpegColors::gray;
  int exif_orientation = 1;
  std::vector<JpegComponent> components;
  std::vector<JpegPart> parts;  // tables, frame and scans, in their order
  bool ended = false;           // whether the end marker follows the last scan

  long samples() const;  // of all components
};

bool looks_like_jpeg(const Bytes& bytes);  // by its first bytes

// UnusableFile with the offset of the fault if the file is damaged, cut off, of a kind that is not
// supported, or made to cost far more time or memory than its size suggests.
JpegParts find_jpeg_parts(const Bytes& bytes, const std::string& name);

}  // namespace excite
