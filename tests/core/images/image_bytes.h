// Files of images as bytes: valid ones, and parts of which tests make damaged or crafted ones.
#pragma once
#include <initializer_list>
#include <string>

#include "core/images/byte_reader.h"
#include "core/images/image.h"
#include "tests/support/scratch.h"

namespace excite {

Image noise(long height, long width);
Image slope(long height, long width);  // smooth, so that JPEG changes it little

Bytes png_of(int height, int width, int channels, const Bytes& pixels);
Bytes jpeg_of(const Image& image);

// The error of decoding a file "it.image" of these bytes; "" if there is none.
std::string error_of(const Bytes& bytes);

Bytes joined(std::initializer_list<Bytes> parts);
Bytes big_endian(std::size_t value, int count);  // in `count` bytes

extern const Bytes png_signature;
Bytes png_chunk(const std::string& type, const Bytes& data);
Bytes png_header(std::size_t width, std::size_t height, std::uint8_t depth, std::uint8_t color);
Bytes zlib_stored(const Bytes& raw);  // uncompressed, in one block of at most 65,535 bytes
// A PNG of this header, whose pixels are zlib_stored(raw).
Bytes png_with(const Bytes& header, const Bytes& raw);

// Positions in a JPEG: after its first marker, and before its last.
constexpr long after_start = 2, before_end = -2;
Bytes with_inserted(Bytes file, long at, const Bytes& more);

}  // namespace excite
