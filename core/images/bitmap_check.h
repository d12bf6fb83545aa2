// BMP and PNM files, whose pixels are not compressed. Each is checked and then written anew, in the
// plainest form of its format: stb_image reads other forms wrongly, or not at all.
#pragma once
#include <string>

#include "core/images/byte_reader.h"

namespace excite {

struct PlainBitmap {
  long height = 0, width = 0;
  Bytes file;  // to be decoded
};

bool looks_like_bmp(const Bytes& bytes);  // by its first bytes
bool looks_like_pnm(const Bytes& bytes);  // PGM and PPM, binary

// UnusableFile with the offset of the fault if the file is damaged, cut off, or of a kind that is
// not supported.
PlainBitmap plain_bmp(const Bytes& bytes, const std::string& name);
PlainBitmap plain_pnm(const Bytes& bytes, const std::string& name);

// The words at the beginning of a PNM file, which may be cut off behind them.
struct PnmHeader {
  bool color = false;  // three values per pixel, otherwise one
  long height = 0, width = 0, white = 255;
  std::size_t pixels_at = 0;
};
// UnusableFile if it is damaged.
PnmHeader read_pnm_header(const Bytes& bytes, const std::string& name);

}  // namespace excite
